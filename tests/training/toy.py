"""A small method with everything a training step has; also a process of two."""

import sys

import jax
import jax.numpy as jnp
import numpy as np

RATE = 0.1


def init():
    return {"w": np.linspace(-1, 1, 3).astype(np.float32), "step": np.int32(0)}


def batch(size=4):
    random = np.random.default_rng(1)
    x = random.normal(size=(size, 3)).astype(np.float32)
    return {"x": x, "y": (x.sum(1) > 0).astype(np.float32)}


def step(state, batch, *, axis_name=None):
    """Gradient descent on a mean plus a ratio of sums over the whole batch."""

    def loss(w):
        p = jax.nn.sigmoid(batch["x"] @ w)
        sums = jnp.stack([jnp.sum(p * batch["y"]), jnp.sum(p + batch["y"])])
        if axis_name is not None:
            sums = jax.lax.psum(sums, axis_name)
        return jnp.mean((p - batch["y"]) ** 2) - 2 * sums[0] / sums[1]

    value, gradient = jax.value_and_grad(loss)(state["w"])
    if axis_name is not None:
        value, gradient = jax.lax.pmean((value, gradient), axis_name)
    new = {"w": state["w"] - RATE * gradient, "step": state["step"] + 1}
    return new, {"loss": value}


def three_steps(runner, share):
    """Weights after, and losses of, three steps on a share of the batch."""
    state, losses = runner.place(init()), []
    for _ in range(3):
        state, metrics = runner.step(state, share)
        losses.append(float(metrics["loss"]))
    return runner.fetch(state)["w"].tolist(), losses


if __name__ == "__main__":
    import json

    from spine_jax.training.processes import join_processes
    from spine_jax.training.wrappers import pmap_step, sharded_step

    coordinator, index = sys.argv[1], int(sys.argv[2])
    join_processes(coordinator, 2, index)
    assert len(jax.devices()) == 2 * len(jax.local_devices()) == 4
    share = {name: x[2 * index : 2 * index + 2] for name, x in batch().items()}
    found = [three_steps(wrap(step), share) for wrap in (sharded_step, pmap_step)]
    print(json.dumps(found))
