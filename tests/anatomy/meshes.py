"""Mesh facts counted from scratch, and small closed meshes, for the anatomy tests."""

import numpy as np
from scipy.spatial import cKDTree


def directed_edges(faces):
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def euler_characteristic(vertices, faces):
    edges = np.unique(np.sort(directed_edges(faces), axis=1), axis=0)
    return len(vertices) - len(edges) + len(faces)


def is_closed(faces):
    """Every directed edge once, and its reverse once."""
    edges = [tuple(edge) for edge in directed_edges(faces).tolist()]
    return len(set(edges)) == len(edges) and {e[::-1] for e in edges} == set(edges)


def volume(vertices, faces):
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


def edge_lengths(vertices, faces):
    edges = np.unique(np.sort(directed_edges(faces), axis=1), axis=0)
    return np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)


def triangle_quality(vertices, faces):
    """Twice inradius over circumradius: 1 equilateral, 0 degenerate."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    sides = np.stack([np.linalg.norm(s, axis=1) for s in (b - a, c - b, a - c)])
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return 16 * area**2 / (sides.sum(axis=0) * sides.prod(axis=0))


def torus(major, minor, around, across):
    """A torus about the z axis, faces outward: 2 around * across triangles."""
    u = 2 * np.pi * np.arange(around) / around
    v = 2 * np.pi * np.arange(across) / across
    u, v = np.meshgrid(u, v, indexing="ij")
    radius = major + minor * np.cos(v)
    points = np.stack([radius * np.cos(u), radius * np.sin(u), minor * np.sin(v)], -1)
    i, j = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")
    index = lambda p, q: (p % around) * across + q % across  # noqa: E731
    corners = index(i, j), index(i + 1, j), index(i + 1, j + 1), index(i, j + 1)
    p, q, r, s = (corner.ravel() for corner in corners)
    faces = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    return points.reshape(-1, 3), faces


def self_intersections(vertices, faces, tolerance=1e-9):
    """Number of edges that pierce a face they share no vertex with."""
    edges = np.unique(np.sort(directed_edges(faces), axis=1), axis=0)
    corners = vertices[faces]
    centres = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centres[:, None], axis=2).max()
    middle = vertices[edges].mean(axis=1)
    half = edge_lengths(vertices, faces).max() / 2
    near = cKDTree(centres).query_ball_point(middle, radius + half)
    edge = np.repeat(np.arange(len(edges)), [len(n) for n in near])
    face = np.concatenate(near).astype(int)
    apart = ~np.any(faces[face][:, :, None] == edges[edge][:, None, :], axis=(1, 2))
    edge, face = edge[apart], face[apart]
    a, b = (vertices[edges[edge, i]] for i in (0, 1))
    p, u, v = corners[face, 0], *(corners[face, i] - corners[face, 0] for i in (1, 2))
    normal = np.cross(u, v)
    slope = np.sum(normal * (b - a), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.sum(normal * (p - a), axis=1) / slope
        hit = a + share[:, None] * (b - a) - p
        area = np.sum(normal * normal, axis=1)
        first = np.sum(np.cross(hit, v) * normal, axis=1) / area
        second = np.sum(np.cross(u, hit) * normal, axis=1) / area
    low, high = tolerance, 1 - tolerance
    inside = (first > low) & (second > low) & (first + second < high)
    return int(np.count_nonzero(inside & (share > low) & (share < high)))


def align_by_similarity(points, target, rounds=40):
    """Rotate, scale and shift points onto target points by closest pairs, both ways."""
    tree = cKDTree(target)
    for _ in range(rounds):
        pairs = np.concatenate([points, points[cKDTree(points).query(target)[1]]])
        goals = np.concatenate([target[tree.query(points)[1]], target])
        a, b = pairs - pairs.mean(axis=0), goals - goals.mean(axis=0)
        u, s, vt = np.linalg.svd(b.T @ a)
        rotation = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
        scale = s.sum() / np.sum(a * a)
        points = scale * (points - pairs.mean(axis=0)) @ rotation.T + goals.mean(axis=0)
    return points
