"""
Why the longest goes first
==========================

A build ends when its last tutorial ends. The order in which tutorials start decides how long the slots wait for that one.

docbuild starts with the tutorials that never ran, then takes those with the longest earlier run times. This page shows what
the order is worth, on the run times that a real project published.
"""

import heapq
import math

import matplotlib.pyplot as plt

# %%
# The numbers
# -----------
#
# These are the 31 examples of braindecode, a library for brain signals, in the order of its gallery. Each number is the run
# time in seconds that the project's own site shows.

seconds = [
    28.9, 10.6, 154.7, 15.2, 29.1, 17.2, 35.2, 251.3, 27.7, 93.2, 17.0,
    15.9, 43.1, 3.9, 9.1, 7.5, 2.4, 5.9, 8.3, 6.2, 4.8, 70.3,
    54.7, 15.3, 8.3, 40.3, 34.6, 27.5, 14.4, 6.9, 17.2,
]

print(f"{len(seconds)} examples, {sum(seconds):.0f} s in total")
print(f"the longest takes {max(seconds):.0f} s")

# %%
# A schedule
# ----------
#
# A slot is a place where one tutorial runs. Whichever slot is free first takes the next tutorial; that is all. The function
# returns what each slot did, as pairs of start and duration.


def schedule(durations, slots):
    free = [(0.0, slot) for slot in range(slots)]
    done = [[] for _ in range(slots)]
    for duration in durations:
        start, slot = heapq.heappop(free)
        done[slot].append((start, duration))
        heapq.heappush(free, (start + duration, slot))
    return done


def makespan(durations, slots):
    last = [bars[-1] for bars in schedule(durations, slots) if bars]
    return max(start + duration for start, duration in last)


# %%
# Four slots, two orders
# ----------------------
#
# One bar is one example. In gallery order, the longest starts after others, and three slots wait for it at the end. Longest
# first, the short ones fill the gaps.

longest_first = sorted(seconds, reverse=True)
orders = {"in gallery order": seconds, "longest first": longest_first}

figure, axes = plt.subplots(2, 1, sharex=True, figsize=(8, 4.6), layout="constrained")
for axis, (name, order) in zip(axes, orders.items()):
    for slot, bars in enumerate(schedule(order, 4), start=1):
        shades = [0.85 - 0.7 * duration / max(seconds) for _, duration in bars]
        colors = plt.cm.viridis(shades)
        axis.broken_barh(bars, (slot - 0.4, 0.8), facecolors=colors, edgecolor="white")
    end = makespan(order, 4)
    axis.axvline(end, color="crimson", linestyle="--")
    axis.set(title=f"{name}: {end:.0f} s", ylabel="slot", yticks=range(1, 5))
axes[-1].set_xlabel("seconds since the start")
plt.show()

# %%
# More slots
# ----------
#
# No schedule can be shorter than the longest example, nor than the total divided by the number of slots. The larger of the
# two is the bound. The bars show by how much each order misses it.

counts = range(1, 9)
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
for shift, (name, order) in zip((-0.2, 0.2), orders.items()):
    bounds = [max(max(seconds), sum(seconds) / n) for n in counts]
    over = [100 * (makespan(order, n) / b - 1) for n, b in zip(counts, bounds)]
    axis.bar([n + shift for n in counts], over, width=0.4, label=name)
axis.set(xlabel="slots", ylabel="% longer than the bound", xticks=counts)
axis.legend()
plt.show()

# %%
# Longest first stays within one percent of the bound. The gallery's own order loses most at five slots, where the longest
# example, alone, takes as long as the whole build should. From there on that example is the bound: to make such a site
# faster, split it.

limit = sum(seconds) / max(seconds)
print(f"total / longest = {limit:.1f}")
print(f"more than {math.ceil(limit)} slots do not help")

# %%
# The first build of a project knows no run times. Then every tutorial starts in the order of its name, and the next build
# knows better.
