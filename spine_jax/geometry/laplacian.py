"""Cotangent Laplacian and lumped mass of a triangle mesh, on the host (scipy sparse).

Sign and scale: the stiffness L is positive semi-definite, off-diagonal
L_ij = -(cot a_ij + cot b_ij) / 2, rows sum to zero, so that u.L u is the Dirichlet
energy int |grad u|^2. libigl's has the opposite sign; DiffAM's lacks the 1/2.
"""

import numpy as np
import scipy.sparse


def cotangent_laplacian(
    vertices: np.ndarray, faces: np.ndarray
) -> scipy.sparse.csr_matrix:
    """Stiffness matrix L, [V, V] sparse float64; scale-free.

    Degenerate faces contribute nothing.
    """
    vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces)
    rows, columns, weights = [], [], []
    for corner in range(3):
        i, j, k = (
            faces[:, (corner + 1) % 3],
            faces[:, (corner + 2) % 3],
            faces[:, corner],
        )
        u, v = vertices[i] - vertices[k], vertices[j] - vertices[k]
        double_area = np.linalg.norm(np.cross(u, v), axis=1)
        positive = double_area > 0
        cotangent = np.sum(u * v, axis=1) / np.where(positive, double_area, 1)
        rows += [i, j]
        columns += [j, i]
        weights += [np.where(positive, cotangent, 0) / 2] * 2
    n = len(vertices)
    off_diagonal = scipy.sparse.coo_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))),
        shape=(n, n),
    ).tocsr()
    degree = np.asarray(off_diagonal.sum(axis=1)).ravel()
    return scipy.sparse.csr_matrix(scipy.sparse.diags(degree) - off_diagonal)


def lumped_mass(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Barycentric vertex areas, [V] float64: a third of each incident face."""
    vertices, faces = np.asarray(vertices, np.float64), np.asarray(faces)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return np.bincount(faces.ravel(), np.repeat(area / 3, 3), minlength=len(vertices))
