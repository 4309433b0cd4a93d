"""
Isolation, part one: make a mess
================================

A tutorial may change whatever it likes: settings of matplotlib, the random seed, the environment, the working directory.
Under docbuild nothing of it reaches another tutorial, because each one gets a process of its own.

This script makes a mess of all four. :doc:`plot_isolation_b` looks for the traces.
"""

import os
import random

import matplotlib.pyplot as plt
import numpy as np

# %%
# Settings of matplotlib
# ----------------------

plt.rcParams["axes.facecolor"] = "mistyrose"
plt.rcParams["lines.linewidth"] = 5

x = np.linspace(0, 6, 200)
figure, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.plot(x, np.sin(x), color="firebrick")
axis.set_title("this script's own taste")
plt.show()

# %%
# Random seeds
# ------------
#
# A seed makes the numbers below the same in every build.

random.seed(1)
np.random.seed(1)
print(random.randint(0, 999), np.random.randint(0, 999))

# %%
# Environment and working directory
# ---------------------------------
#
# The variable stays set until the process ends; so does the other working directory.

os.environ["DOCBUILD_TUTORIAL_WAS_HERE"] = "yes"
os.chdir(os.sep)
print(os.getcwd())
