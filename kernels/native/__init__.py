"""The native CPU kernels: a small C++ library, built on first use, called by XLA."""
