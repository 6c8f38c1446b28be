"""Makes the four IDX files of this folder from the copy of the data that scikit-learn ships.

    python3 -m pip download --no-deps scikit-learn
    python3 make.py scikit_learn-*.whl

Needs the Python standard library only. The first 1,500 examples become the training part, the last 297 the test part,
in their original order. The gzip header carries no name and no time, so the same zlib gives the same bytes.
"""

import csv
import gzip
import hashlib
import io
import pathlib
import struct
import sys
import zipfile

MEMBER = "sklearn/datasets/data/digits.csv.gz"
EXAMPLES, PIXELS, SIDE, TRAIN = 1797, 64, 8, 1500


def read_rows(wheel):
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MEMBER)).decode("ascii")
    rows = [[int(float(cell)) for cell in row] for row in csv.reader(io.StringIO(text))]
    assert len(rows) == EXAMPLES and all(len(row) == PIXELS + 1 for row in rows)
    assert all(0 <= pixel <= 16 for row in rows for pixel in row[:PIXELS])
    assert all(0 <= row[PIXELS] <= 9 for row in rows)
    return rows


def write_idx(name, dimensions, values):
    body = struct.pack(">BBBB", 0, 0, 8, len(dimensions)) + struct.pack(f">{len(dimensions)}I", *dimensions) + bytes(values)
    path = pathlib.Path(__file__).parent / f"{name}.gz"
    path.write_bytes(gzip.compress(body, compresslevel=9, mtime=0))
    print(hashlib.sha256(body).hexdigest(), name)


def main():
    rows = read_rows(sys.argv[1])
    for part, chosen in (("train", rows[:TRAIN]), ("t10k", rows[TRAIN:])):
        pixels = [pixel for row in chosen for pixel in row[:PIXELS]]
        write_idx(f"{part}-images-idx3-ubyte", (len(chosen), SIDE, SIDE), pixels)
        write_idx(f"{part}-labels-idx1-ubyte", (len(chosen),), [row[PIXELS] for row in chosen])


if __name__ == "__main__":
    main()
