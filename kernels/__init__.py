"""Accelerator kernels: arrays in, arrays out, no autodiff.

Kernels find, `spine_jax.geometry` differentiates.
"""
