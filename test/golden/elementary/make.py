"""Makes elementary.json: elementary functions at float64 arguments, to about 2^-105 of their value.

Each row is [argument(s)..., high, low]: high is the float64 nearest to the value, low what is left of it.

    pip install mpmath==1.3.0
    python3 make.py > elementary.json
"""

import json
import math
import random

from mpmath import mp, mpf

mp.prec = 400
random.seed(20170213)


def row(function, *arguments):
    value = function(*map(mpf, arguments))
    high = float(value)
    return [*arguments, high, float(value - mpf(high))]


def between(low, high, count):
    return [random.uniform(low, high) for _ in range(count)]


smallest, largest = 5e-324, 1.7976931348623157e308
exponents = [-745.0, -744.44, -709.3, -708.39, -1e-300, -2.0**-53, 2.0**-53, 0.5, math.log(2), 709.0, 709.78]
exponents += between(-745, 709, 60) + between(-2, 2, 60) + between(-1e-3, 1e-3, 10)
positives = [smallest, 2.5e-320, 2.2250738585072014e-308, 1e-10, 1 - 2.0**-53, 1 + 2.0**-52, 2.0, 10.0, largest]
positives += [math.exp(x) for x in between(-740, 709, 60)] + between(0.5, 2, 60)
positives += [1 - random.random() * 2.0**-bits for bits in range(1, 50)]
angles = [2.0**-30, math.pi / 4, math.pi, 2 * math.pi, 2.0**20, -(2.0**20)]
angles += between(0, 2 * math.pi, 80) + between(-(2**20), 2**20, 60)
# The float64 nearest to a zero of the cosine: what is left there is the error of the argument itself.
zeros = [(2 * n + 1) * math.pi / 2 for n in (0, 1, 2, 5, 100, 12345, 300000)]

print(json.dumps({
    "exponential": [row(mp.exp, x) for x in exponents],
    "logarithm": [row(mp.log, x) for x in positives],
    "cosine": [row(mp.cos, x) for x in angles],
    "cosineNearZeros": [row(mp.cos, x) for x in zeros],
    # What schedules ask for: a share of the run that is left, to a power of moderate size.
    "power": [row(mp.power, b, e) for b, e in zip(between(0.02, 1, 60), between(0.1, 8, 60))],
    "powerLarge": [row(mp.power, b, e) for b, e in zip(between(0.02, 1, 30), between(8, 100, 30))]
    + [row(mp.power, b, float(e)) for b, e in zip(between(0.5, 1.5, 30), range(3, 1000, 33))]
    + [row(mp.power, b, e + 0.5) for b, e in zip(between(0.5, 1.5, 20), range(1, 400, 20))]
    + [row(mp.power, b, -e) for b, e in zip(between(0.02, 3, 20), between(0.1, 9, 20))],
}, separators=(",", ":")).replace("]],", "]],\n"))
