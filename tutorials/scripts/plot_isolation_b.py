"""
Isolation, part two: look for traces
====================================

Another script changed settings, seeds, the environment and the working directory. This one checks what is left of that. Built
by docbuild, the answer is: nothing, whatever runs before it or beside it.

The other script is :doc:`plot_isolation_a`.
Each check compares what this process has with what a fresh process has.
"""

import os
import random

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

# %%
# Settings of matplotlib
# ----------------------

for name in ("axes.facecolor", "lines.linewidth"):
    print(f"{name}: {mpl.rcParams[name]} (default {mpl.rcParamsDefault[name]})")

# %%
# Random seeds
# ------------
#
# With a seed of 1, the first numbers are always 137 and 37. docbuild gives every tutorial random numbers of its own, so they are
# different here. If you want the same numbers in every build, set a seed in the tutorial itself.

numbers = random.randint(0, 999), np.random.randint(0, 999)
print("a seed leaked" if numbers == (137, 37) else "no seed leaked")

# %%
# Environment and working directory
# ---------------------------------

print("the variable is", os.environ.get("DOCBUILD_TUTORIAL_WAS_HERE", "not set"))
print("the working directory is that of this script:", os.path.exists("plot_isolation_b.py"))

# %%
# Why it matters
# --------------
#
# Below, two scripts of a gallery draw from one stream of random numbers, as they do when they share a process. Without the
# first script, the second one shows another picture: its page depends on which scripts ran before it. Then nobody may skip a
# script, reuse its outputs or run it on another machine.

shared = np.random.RandomState(0)
shared.standard_normal(40)  # what the first script draws
after_another = shared.standard_normal(40).cumsum()
alone = np.random.RandomState(0).standard_normal(40).cumsum()

figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
axis.plot(after_another, label="after another script", linestyle="--")
axis.plot(alone, label="alone, as under docbuild")
axis.set(title="one script, two pictures", xlabel="step")
axis.legend()
plt.show()
