"""
A script that needs a GPU
=========================

This tutorial asks for one GPU. On a machine without one docbuild doesn't start it, and says so on this page and in its report.

The request stands in the script itself, as inline script metadata (:pep:`723`). docbuild keeps the block off the page:

.. code-block:: python

   # /// script
   # [tool.docbuild]
   # needs = {gpus = 1}
   # ///
"""

# /// script
# [tool.docbuild]
# needs = {gpus = 1}
# ///

# sphinx_gallery_thumbnail_path = "_thumbnails/gpu.svg"

# %%
# Is there one?
# -------------
#
# Plain ``sphinx-build`` knows nothing of needs and executes every script. So this one looks before it computes.

import time

import matplotlib.pyplot as plt

try:
    import torch
except ImportError:
    torch = None

gpu = torch is not None and torch.cuda.is_available()
if gpu:
    print(torch.cuda.get_device_name())
else:
    print("PyTorch sees no GPU here: nothing to measure.")

# %%
# How long a matrix product takes
# -------------------------------
#
# A GPU works while Python goes on. ``synchronize`` waits for it; without that, the clock would only see the start of the
# work. The first product warms the device up and is not counted.


def seconds(device, size, repeat=5):
    matrix = torch.rand(size, size, device=device)
    matrix @ matrix
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(repeat):
        matrix @ matrix
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / repeat


# %%
# Both devices, from small to large
# ---------------------------------
#
# Small products gain nothing: starting the work costs more than the work. The lines cross where the GPU begins to pay.

if gpu:
    sizes = [64, 128, 256, 512, 1024, 2048]
    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    for device in ("cpu", "cuda"):
        times = [seconds(device, size) for size in sizes]
        axis.loglog(sizes, times, marker="o", label=device)
    axis.set(xlabel="rows and columns", ylabel="seconds for one product")
    axis.legend()
    plt.show()
