"""Golden values of schedules from optax, PyTorch and Keras.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make.py

Writes optax.json, pytorch.json, keras.json and plateaus.json beside itself. Each case has the library's call, the fedtempo spec that says
the same, the total length, positions at all edges and the library's values there. Where a convention differs, `differs`
lists the positions at which the values are not those of the spec, and `why` says what the library does.
All arithmetic in float64, but for Keras’ cosines, which round their parameters to float32.
"""
import json
import math
import os
import pathlib
import warnings

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import keras
import optax
import optax.contrib
import torch

keras.backend.set_floatx("float64")
warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).parent


def edges(total, *boundaries):
    points = {0, 1, total // 2, total - 1, total, total + 1}
    for boundary in boundaries:
        points |= {boundary - 1, boundary, boundary + 1}
    return sorted(point for point in points if point >= 0)


def case(name, call, spec, total, at, value, differs=(), why=None):
    result = {"name": name, "call": call, "spec": spec, "total": total, "at": at}
    result["values"] = [float(value(t)) for t in at]
    if differs:
        result |= {"differs": list(differs), "why": why}
    return result


def write(library, version, cases):
    text = json.dumps({"library": library, "version": version, "cases": cases}, indent=1)
    (HERE / f"{library}.json").write_text(text + "\n")


def of_optax():
    o = optax
    poly = lambda start, end, power, n: {"kind": "polynomial", "start": start, "end": end, "power": power, "length": n}
    cases = [
        case("constant", "constant_schedule(0.1)", 0.1, 20, edges(20), o.constant_schedule(0.1)),
        case("linear", "linear_schedule(0.1, 0.01, 12)", {"kind": "linear", "start": 0.1, "end": 0.01, "length": 12},
             20, edges(20, 12), o.linear_schedule(0.1, 0.01, 12)),
        case("linear from a beginning", "linear_schedule(0.1, 0.01, 12, transition_begin=5)",
             {"kind": "join", "boundaries": [5], "schedules": [0.1, {"kind": "linear", "start": 0.1, "end": 0.01, "length": 12}]},
             20, edges(20, 5, 17), o.linear_schedule(0.1, 0.01, 12, 5)),
        case("polynomial 2", "polynomial_schedule(0.1, 0.001, 2, 15)", poly(0.1, 0.001, 2, 15), 20, edges(20, 15),
             o.polynomial_schedule(0.1, 0.001, 2, 15)),
        case("polynomial 0.7", "polynomial_schedule(0.1, 0, 0.7, 20)", poly(0.1, 0, 0.7, 20), 20, edges(20),
             o.polynomial_schedule(0.1, 0.0, 0.7, 20)),
        case("growing polynomial", "polynomial_schedule(8, 64, 1.5, 10)", poly(8, 64, 1.5, 10), 20, edges(20, 10),
             o.polynomial_schedule(8.0, 64.0, 1.5, 10)),
        case("exponential", "exponential_decay(0.1, 5, 0.8)", {"kind": "exponential", "start": 0.1, "factor": 0.8, "every": 5},
             20, edges(20, 5), o.exponential_decay(0.1, 5, 0.8)),
        case("exponential staircase", "exponential_decay(0.1, 5, 0.8, staircase=True)",
             {"kind": "exponential", "start": 0.1, "factor": 0.8, "every": 5, "staircase": True}, 20, edges(20, 5, 10),
             o.exponential_decay(0.1, 5, 0.8, staircase=True)),
        case("exponential to a floor", "exponential_decay(0.1, 2, 0.5, end_value=0.01)",
             {"kind": "exponential", "start": 0.1, "factor": 0.5, "every": 2, "end": 0.01}, 20, edges(20, 6, 7),
             o.exponential_decay(0.1, 2, 0.5, end_value=0.01)),
        case("cosine", "cosine_decay_schedule(0.1, 16, 0.05)", {"kind": "cosine", "start": 0.1, "end": 0.005, "length": 16},
             20, edges(20, 16), o.cosine_decay_schedule(0.1, 16, 0.05)),
        case("cosine with an exponent", "cosine_decay_schedule(0.1, 20, exponent=1.5)",
             {"kind": "cosine", "start": 0.1, "power": 1.5}, 20, edges(20), o.cosine_decay_schedule(0.1, 20, exponent=1.5)),
        case("multi-step", "piecewise_constant_schedule(0.1, {6: 0.5, 13: 0.1})",
             {"kind": "multiStep", "start": 0.1, "milestones": [6, 13], "factor": [0.5, 0.1]}, 20, edges(20, 6, 13),
             o.piecewise_constant_schedule(0.1, {6: 0.5, 13: 0.1})),
        case("piecewise", "piecewise_constant_schedule(0.1, {6: 0.5, 13: 0.1})",
             {"kind": "piecewise", "boundaries": [6, 13], "values": [0.1, 0.05, 0.005]}, 20, edges(20, 6, 13),
             o.piecewise_constant_schedule(0.1, {6: 0.5, 13: 0.1})),
        case("piecewise linear", "piecewise_interpolate_schedule('linear', 0.1, {6: 0.5, 14: 0.1})",
             {"kind": "join", "boundaries": [6, 14], "continuous": True, "schedules": [
                 {"kind": "linear", "start": 0.1, "end": 0.05}, {"kind": "linear", "start": 0.05, "end": 0.005}, 0.005]},
             20, edges(20, 6, 14), o.piecewise_interpolate_schedule("linear", 0.1, {6: 0.5, 14: 0.1})),
        case("join", "join_schedules([linear_schedule(0, 0.1, 4), exponential_decay(0.1, 1, 0.9)], [7])",
             {"kind": "join", "boundaries": [7], "schedules": [{"kind": "linear", "start": 0, "end": 0.1, "length": 4},
                                                               {"kind": "exponential", "start": 0.1, "factor": 0.9}]},
             20, edges(20, 4, 7), o.join_schedules([o.linear_schedule(0.0, 0.1, 4), o.exponential_decay(0.1, 1, 0.9)], [7])),
        case("warm-up and cosine: warm-up counts inside", "warmup_cosine_decay_schedule(0.01, 0.1, 5, 20, 0.001)",
             {"kind": "warmup", "over": 5, "from": 0.01, "schedule": {"kind": "cosine", "start": 0.1, "end": 0.001}},
             20, edges(20, 5), o.warmup_cosine_decay_schedule(0.01, 0.1, 5, 20, 0.001)),
        case("warm-up and exponential", "warmup_exponential_decay_schedule(0, 0.1, 4, 3, 0.7)",
             {"kind": "warmup", "over": 4, "schedule": {"kind": "exponential", "start": 0.1, "factor": 0.7, "every": 3}},
             20, edges(20, 4), o.warmup_exponential_decay_schedule(0.0, 0.1, 4, 3, 0.7)),
        case("constant warm-up", "warmup_constant_schedule(0.02, 0.1, 6)",
             {"kind": "warmup", "over": 6, "from": 0.02, "schedule": 0.1}, 20, edges(20, 6),
             o.warmup_constant_schedule(0.02, 0.1, 6)),
        case("one cycle, cosine", "cosine_onecycle_schedule(20, 0.1, 0.3, 25, 1e4)", {"kind": "oneCycle", "peak": 0.1},
             20, edges(20, 6), o.cosine_onecycle_schedule(20, 0.1, 0.3, 25.0, 1e4)),
        case("one cycle, linear", "linear_onecycle_schedule(20, 0.1, 0.3, 0.85, 25, 1e4)",
             {"kind": "join", "boundaries": [6, 17], "schedules": [
                 {"kind": "linear", "start": 0.004, "end": 0.1}, {"kind": "linear", "start": 0.1, "end": 0.004},
                 {"kind": "linear", "start": 0.004, "end": 4e-7}]},
             20, edges(20, 6, 17), o.linear_onecycle_schedule(20, 0.1, 0.3, 0.85, 25.0, 1e4)),
        case("one cycle where 0.3 T is not whole", "cosine_onecycle_schedule(25, 0.1, 0.3)", {"kind": "oneCycle", "peak": 0.1},
             25, [0, 3, 7, 8, 25], o.cosine_onecycle_schedule(25, 0.1, 0.3), [3, 7, 8],
             "optax puts the peak at the whole number below 0.3 T; fedtempo at 0.3 T itself"),
        case("warm restarts", "sgdr_schedule of cycles of 4, 8 and 16, each peak halved",
             {"kind": "cosine", "start": 0.1, "period": 4, "periodFactor": 2, "peakFactor": 0.5}, 28, edges(28, 4, 12)[:-2],
             o.sgdr_schedule([{"init_value": 0.1 * 0.5**i, "peak_value": 0.1 * 0.5**i, "warmup_steps": 0,
                               "decay_steps": 4 * 2**i, "end_value": 0.0} for i in range(3)])),
    ]
    write("optax", optax.__version__, cases)


def torch_values(make, count):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    values = []
    for _ in range(count):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        try:
            scheduler.step()
        except ValueError:  # OneCycleLR refuses to go past its end
            break
    return values


def of_pytorch():
    L = torch.optim.lr_scheduler
    cases = []

    def add(name, call, spec, total, at, make, differs=(), why=None):
        values = torch_values(make, total + 3)
        at = [t for t in at if t < len(values)]
        cases.append(case(name, call, spec, total, at, lambda t: values[t], differs, why))

    add("constant", "ConstantLR(factor=1)", 0.1, 20, edges(20), lambda o: L.ConstantLR(o, 1.0))
    add("a constant share at first", "ConstantLR(factor=0.5, total_iters=6)",
        {"kind": "piecewise", "boundaries": [6], "values": [0.05, 0.1]}, 20, edges(20, 6), lambda o: L.ConstantLR(o, 0.5, 6))
    add("linear", "LinearLR(1, 0.1, total_iters=12)", {"kind": "linear", "start": 0.1, "end": 0.01, "length": 12}, 20,
        edges(20, 12), lambda o: L.LinearLR(o, 1.0, 0.1, 12))
    add("linear warm-up", "LinearLR(0.25, 1, total_iters=6)", {"kind": "warmup", "over": 6, "from": 0.025, "schedule": 0.1},
        20, edges(20, 6), lambda o: L.LinearLR(o, 0.25, 1.0, 6))
    add("polynomial", "PolynomialLR(total_iters=15, power=2)",
        {"kind": "polynomial", "start": 0.1, "power": 2, "length": 15}, 20, edges(20, 15), lambda o: L.PolynomialLR(o, 15, 2.0))
    add("exponential", "ExponentialLR(gamma=0.9)", {"kind": "exponential", "start": 0.1, "factor": 0.9}, 20, edges(20),
        lambda o: L.ExponentialLR(o, 0.9))
    add("step", "StepLR(step_size=6, gamma=0.3)", {"kind": "step", "start": 0.1, "factor": 0.3, "every": 6}, 20,
        edges(20, 6, 12, 18), lambda o: L.StepLR(o, 6, 0.3))
    add("multi-step", "MultiStepLR([6, 13], gamma=0.2)",
        {"kind": "multiStep", "start": 0.1, "milestones": [6, 13], "factor": 0.2}, 20, edges(20, 6, 13),
        lambda o: L.MultiStepLR(o, [6, 13], 0.2))
    add("inverse time", "LambdaLR(1 / (1 + 0.5 t))", {"kind": "inverseTime", "start": 0.1, "rate": 0.5}, 20, edges(20),
        lambda o: L.LambdaLR(o, lambda t: 1 / (1 + 0.5 * t)))
    add("inverse square root after a warm-up", "LambdaLR(min((t + 1e-9) / 5, sqrt(5 / (t + 1e-9))))",
        {"kind": "warmup", "over": 5, "schedule": {"kind": "inverseSqrt", "start": 0.1, "timescale": 5}}, 20, edges(20, 5),
        lambda o: L.LambdaLR(o, lambda t: min(t / 5, math.sqrt(5 / max(t, 1e-9)))))
    add("cosine", "CosineAnnealingLR(T_max=20, eta_min=0.004)", {"kind": "cosine", "start": 0.1, "end": 0.004}, 20, edges(20),
        lambda o: L.CosineAnnealingLR(o, 20, 0.004), [21], "PyTorch rises again after T_max; fedtempo keeps the end value")
    add("warm restarts", "CosineAnnealingWarmRestarts(T_0=5, T_mult=2, eta_min=0.002)",
        {"kind": "cosine", "start": 0.1, "end": 0.002, "period": 5, "periodFactor": 2}, 20, edges(20, 5, 15),
        lambda o: L.CosineAnnealingWarmRestarts(o, 5, 2, 0.002))
    add("equal restarts", "CosineAnnealingWarmRestarts(T_0=6)", {"kind": "cosine", "start": 0.1, "period": 6}, 20,
        edges(20, 6, 12, 18), lambda o: L.CosineAnnealingWarmRestarts(o, 6))
    add("one cycle", "OneCycleLR(max_lr=0.1, total_steps=21)", {"kind": "oneCycle", "peak": 0.1, "length": 20, "rise": 0.265}, 20,
        edges(20), lambda o: L.OneCycleLR(o, 0.1, 21), [21],
        "PyTorch runs on past its end, at total_steps − 1, and then refuses; its peak is at 0.3·total_steps − 1")
    add("one cycle of which each edge is whole", "OneCycleLR(max_lr=0.1, total_steps=21, pct_start=7/21)",
        {"kind": "oneCycle", "peak": 0.1, "length": 20, "rise": 0.3}, 20, edges(20, 6),
        lambda o: L.OneCycleLR(o, 0.1, 21, pct_start=7 / 21), [21], "PyTorch runs on past its end and then refuses")
    add("one cycle, linear", "OneCycleLR(max_lr=0.1, total_steps=21, pct_start=7/21, anneal_strategy='linear')",
        {"kind": "oneCycle", "peak": 0.1, "length": 20, "rise": 0.3, "shape": "linear"}, 20, edges(20, 6),
        lambda o: L.OneCycleLR(o, 0.1, 21, pct_start=7 / 21, anneal_strategy="linear"), [21],
        "PyTorch runs on past its end, below 0 here, and then refuses")
    cyc = lambda **extra: {"kind": "cyclic", "low": 0.01, "high": 0.1, **extra}
    add("triangular", "CyclicLR(0.01, 0.1, 4, 6)", cyc(up=4, down=6), 20, edges(20, 4, 10, 14),
        lambda o: L.CyclicLR(o, 0.01, 0.1, 4, 6, cycle_momentum=False))
    add("triangular2", "CyclicLR(0.01, 0.1, 5, mode='triangular2')", cyc(up=5, shape="triangular2"), 20, edges(20, 5, 10, 15),
        lambda o: L.CyclicLR(o, 0.01, 0.1, 5, mode="triangular2", cycle_momentum=False))
    add("expRange", "CyclicLR(0.01, 0.1, 5, mode='exp_range', gamma=0.95)", cyc(up=5, shape="expRange", factor=0.95), 20,
        edges(20, 5, 10, 15), lambda o: L.CyclicLR(o, 0.01, 0.1, 5, mode="exp_range", gamma=0.95, cycle_momentum=False))
    add("join", "SequentialLR([ConstantLR(0.1), ExponentialLR(0.9)], [8])",
        {"kind": "join", "boundaries": [8], "schedules": [0.01, {"kind": "exponential", "start": 0.1, "factor": 0.9}]}, 20,
        edges(20, 8), lambda o: L.SequentialLR(o, [L.ConstantLR(o, 0.1, 100), L.ExponentialLR(o, 0.9)], [8]))
    add("product", "ChainedScheduler([LinearLR(0.5, 1, 4), ExponentialLR(0.9)])",
        {"kind": "product", "schedules": [{"kind": "linear", "start": 0.5, "end": 1, "length": 4},
                                          {"kind": "exponential", "start": 0.1, "factor": 0.9}]}, 20, edges(20, 4),
        lambda o: L.ChainedScheduler([L.LinearLR(o, 0.5, 1.0, 4), L.ExponentialLR(o, 0.9)]))
    write("pytorch", torch.__version__, cases)


def of_keras():
    S = keras.optimizers.schedules
    cases = [
        case("exponential", "ExponentialDecay(0.1, 5, 0.8)", {"kind": "exponential", "start": 0.1, "factor": 0.8, "every": 5},
             20, edges(20, 5), S.ExponentialDecay(0.1, 5, 0.8)),
        case("exponential staircase", "ExponentialDecay(0.1, 5, 0.8, staircase=True)",
             {"kind": "exponential", "start": 0.1, "factor": 0.8, "every": 5, "staircase": True}, 20, edges(20, 5, 10),
             S.ExponentialDecay(0.1, 5, 0.8, staircase=True)),
        case("piecewise", "PiecewiseConstantDecay([6, 13], [0.1, 0.05, 0.01])",
             {"kind": "piecewise", "boundaries": [6, 13], "values": [0.1, 0.05, 0.01]}, 20, edges(20, 6, 13),
             S.PiecewiseConstantDecay([6, 13], [0.1, 0.05, 0.01]), [6, 13],
             "Keras keeps the old value at the boundary itself; fedtempo, optax and PyTorch change there"),
        case("polynomial", "PolynomialDecay(0.1, 15, 0.001, power=2)",
             {"kind": "polynomial", "start": 0.1, "end": 0.001, "power": 2, "length": 15}, 20, edges(20, 15),
             S.PolynomialDecay(0.1, 15, 0.001, power=2.0)),
        case("inverse time", "InverseTimeDecay(0.1, 4, 0.5)", {"kind": "inverseTime", "start": 0.1, "rate": 0.5, "every": 4},
             20, edges(20, 4), S.InverseTimeDecay(0.1, 4, 0.5)),
        case("inverse time staircase", "InverseTimeDecay(0.1, 4, 0.5, staircase=True)",
             {"kind": "inverseTime", "start": 0.1, "rate": 0.5, "every": 4, "staircase": True}, 20, edges(20, 4, 8),
             S.InverseTimeDecay(0.1, 4, 0.5, staircase=True)),
        case("cosine", "CosineDecay(0.1, 16, alpha=0.05)", {"kind": "cosine", "start": 0.1, "end": 0.005, "length": 16},
             20, edges(20, 16), S.CosineDecay(0.1, 16, 0.05)),
        case("warm-up and cosine, written for fedtempo", "CosineDecay(0.01, 15, alpha=0.05, warmup_target=0.1, warmup_steps=5)",
             {"kind": "warmup", "over": 5, "from": 0.01, "schedule": {"kind": "cosine", "start": 0.1, "end": 0.005}},
             20, edges(20, 5), S.CosineDecay(0.01, 15, 0.05, warmup_target=0.1, warmup_steps=5)),
        case("warm-up and cosine, the same numbers", "CosineDecay(0.01, 20, alpha=0.05, warmup_target=0.1, warmup_steps=5)",
             {"kind": "warmup", "over": 5, "from": 0.01, "schedule": {"kind": "cosine", "start": 0.1, "end": 0.005}},
             20, edges(20, 5), S.CosineDecay(0.01, 20, 0.05, warmup_target=0.1, warmup_steps=5),
             [6, 10, 19, 20, 21], "Keras counts warm-up outside decay_steps: its decay ends at 25"),
        case("warm restarts", "CosineDecayRestarts(0.1, 4, t_mul=2, m_mul=0.5, alpha=0.1)",
             {"kind": "cosine", "start": 0.1, "end": 0.01, "period": 4, "periodFactor": 2, "peakFactor": 0.5}, 28,
             edges(28, 4, 12), S.CosineDecayRestarts(0.1, 4, 2.0, 0.5, 0.1)),
        case("equal restarts", "CosineDecayRestarts(0.1, 7, t_mul=1)", {"kind": "cosine", "start": 0.1, "period": 7}, 20,
             edges(20, 7, 14), S.CosineDecayRestarts(0.1, 7, 1.0)),
    ]
    write("keras", keras.__version__, cases)


LOSSES = [1.0, 0.8, 0.79, 0.85, 0.8, 0.81, 0.6, 0.61, 0.62, 0.6, 0.59999, 0.63, 0.64, 0.65, 0.66, 0.5, 0.52, 0.51, 0.53,
          0.55, 0.5, 0.56, 0.57, 0.58, 0.59, 0.6, 0.61, 0.62, 0.4, 0.41]


def plateaus():
    """The value after each measure, by the library's own plateau rule."""
    traces = []
    for patience, cooldown, factor, threshold, mode, floor in [
        (2, 0, 0.5, 1e-4, "rel", 0.0), (3, 2, 0.1, 1e-2, "rel", 0.0), (1, 1, 0.5, 0.05, "abs", 0.02), (2, 3, 0.2, 0.01, "abs", 0.0),
    ]:
        spec = {"kind": "reduceOnPlateau", "start": 0.1, "factor": factor, "patience": patience, "cooldown": cooldown,
                "min": floor, "rtol": threshold if mode == "rel" else 0, "atol": threshold if mode == "abs" else 0}
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=factor, patience=patience, threshold=threshold, threshold_mode=mode, cooldown=cooldown, min_lr=floor)
        values = []
        for loss in LOSSES:
            plateau.step(loss)
            values.append(optimizer.param_groups[0]["lr"])
        traces.append({"library": "pytorch", "spec": spec | {"rule": "pytorch"}, "values": values})
        transform = optax.contrib.reduce_on_plateau(
            factor=factor, patience=patience, cooldown=cooldown, rtol=spec["rtol"], atol=spec["atol"], min_scale=floor / 0.1)
        state = transform.init(jax.numpy.zeros(1))
        values = []
        for loss in LOSSES:
            _, state = transform.update(jax.numpy.zeros(1), state, value=loss)
            values.append(0.1 * float(state.scale))
        traces.append({"library": "optax", "spec": spec | {"rule": "optax"}, "values": values})
    (HERE / "plateaus.json").write_text(json.dumps({"losses": LOSSES, "traces": traces}, indent=1) + "\n")


of_optax()
of_pytorch()
of_keras()
plateaus()
