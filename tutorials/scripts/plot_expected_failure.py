"""
A script that is meant to fail
==============================

Sometimes the error is the lesson. A script named in ``expected_failing_examples`` of ``sphinx_gallery_conf`` passes when it
fails, and its page shows the traceback.

.. code-block:: python

   sphinx_gallery_conf = {
       ...,
       "expected_failing_examples": ["scripts/plot_expected_failure.py"],
   }
"""

# sphinx_gallery_thumbnail_path = "_thumbnails/failure.svg"
# sphinx_gallery_failing_thumbnail = False

import numpy as np

# %%
# Shapes that don't fit
# ---------------------
#
# Arrays are combined from the last axis backwards. Two lengths fit when they are equal, or when one of them is 1.

rows = np.ones((3, 1))
columns = np.ones((1, 4))
print((rows + columns).shape)

# %%
# 3 and 4 don't fit. The code stops here, and docbuild reports the script as passed.

np.ones(3) + np.ones(4)

# %%
# What follows the error is shown, but not executed.

print("nobody reads this")

# %%
# The reverse counts, too: a script that is expected to fail and doesn't is a failed tutorial. So you will hear of it when a
# new version of a library turns the lesson into yesterday's news.
