"""The methods A3DSegNet is compared with, each under the contract of `disentangle`.

A module per method: `unet`, `cyclegan`, `adaptsegnet`, `drit`, `sifa`; the ADN variant
of `disentangle` is one more. Each has `NAME_config`, `init_state(key, config)` and
`train_step(state, batch, *, axis_name=None)`, and the one of `segment(params, x_l)` and
`translate(params, x_l)` that it is made for.

Batches are those of `disentangle`: "x_l" and "x_h", cone-beam CT and CT of different
patients, [B, *S, 1] in [-1, 1], and "y_h", the vertebrae of x_h. Of a step whose
result is not finite nothing is kept but the count.
"""
