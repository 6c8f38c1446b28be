"""NPZ files as NumPy itself writes them, for test/data/npz.test.ts.

The same four examples of three features in every file; what differs is the type, the packing and the names.

    python3 make.py        (numpy 2.4; writes beside itself)
"""
import pathlib
import numpy as np

here = pathlib.Path(__file__).parent
x = np.array([[0.5, -1.25, 3], [0, 7, 255], [1e-3, 2, 65504], [4, 5, 6]])
y = np.array([2, 0, 1, 2])
np.savez(here / "float64.npz", x=x, y=y)
np.savez_compressed(here / "float32-packed.npz", features=x.astype("<f4"), labels=y.astype("<i4"))
pixels = np.arange(24).reshape(4, 3, 2).astype("u1")
np.savez(here / "bytes.npz", x=pixels, y=y.astype("u1"), other=np.zeros((2, 2)))
np.savez(here / "fortran.npz", x=np.asfortranarray(x), y=y)
np.savez(here / "big-endian.npz", x=x.astype(">f4"), y=y)
np.savez(here / "half.npz", x=x.astype("<f2"), y=y)
np.savez(here / "missing.npz", x=np.where(x == 7, np.nan, x), y=y)
np.savez(here / "negative.npz", x=x, y=y - 1)
np.savez(here / "one-hot.npz", x=x, y=np.eye(3)[y])
np.savez(here / "flat.npz", x=x[:, 0], y=y)
np.savez(here / "other-names.npz", inputs=x, targets=y)
