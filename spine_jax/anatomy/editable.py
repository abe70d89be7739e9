"""A triangle mesh that can be edited edge by edge without changing its topology."""

import math

import numpy as np


class EditableMesh:
    """Vertices, faces and vertex-to-face links with safe local operations.

    Plain Python numbers throughout: at these sizes single numpy calls cost more than
    the arithmetic. Every operation refuses what would fold the surface, pinch it or
    join two border points by an inner edge.

    Attributes:
        border: Vertices on the border of an open mesh.
    """

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self._points = [tuple(p) for p in np.asarray(vertices, dtype=float).tolist()]
        # A removed face leaves an empty tuple, so that the others keep their index.
        self._faces: list[tuple[int, ...]] = [
            tuple(f) for f in np.asarray(faces).tolist()
        ]
        self._around: list[set[int]] = [set() for _ in self._points]
        for index, face in enumerate(self._faces):
            for vertex in face:
                self._around[vertex].add(index)
        self.border = {
            v
            for a, b in self.edges()
            if len(self.edge_faces(a, b)) == 1
            for v in (a, b)
        }

    def edges(self) -> list[tuple[int, int]]:
        """All edges as sorted pairs, in a fixed order."""
        pairs = {
            (min(a, b), max(a, b))
            for face in self._faces
            for a, b in zip(face, face[1:] + face[:1])
        }
        return sorted(pairs)

    def edge_faces(self, a: int, b: int) -> set[int]:
        """Indices of the faces that hold the edge."""
        return self._around[a] & self._around[b]

    def has_edge(self, a: int, b: int) -> bool:
        return bool(self.edge_faces(a, b))

    def length(self, a: int, b: int) -> float:
        return math.dist(self._points[a], self._points[b])

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices [V, 3] and faces [F, 3] without the unused entries."""
        faces = np.array([f for f in self._faces if f], dtype=np.int64)
        used, compact = np.unique(faces, return_inverse=True)
        return np.array(self._points)[used], compact.reshape(-1, 3)

    def split(self, a: int, b: int) -> None:
        """Put a vertex in the middle of the edge."""
        middle = len(self._points)
        self._points.append(_midpoint(self._points[a], self._points[b]))
        self._around.append(set())
        faces = sorted(self.edge_faces(a, b))
        if len(faces) == 1:
            self.border.add(middle)
        for index in faces:
            face = self._faces[index]
            self._replace(index, _swapped(face, b, middle))
            self._add(_swapped(face, a, middle))

    def collapse(self, a: int, b: int, longest: float) -> bool:
        """Merge the edge into one vertex unless that does harm; says whether it did."""
        faces = self.edge_faces(a, b)
        on_border = (a in self.border, b in self.border)
        if all(on_border) and len(faces) == 2:
            return False
        common = self._neighbours(a) & self._neighbours(b)
        if len(common) != len(faces) or any(
            len(self._around[v]) <= 3 and v not in self.border for v in common
        ):
            return False
        if on_border[1] and not on_border[0]:
            a, b = b, a
        target = self._points[a]
        if on_border[0] == on_border[1]:
            target = _midpoint(self._points[a], self._points[b])
        if not self._may_move(a, b, faces, target, longest):
            return False
        for index in sorted(faces):
            self._remove(index)
        self._points[a] = target
        for index in sorted(self._around[b]):
            self._replace(index, _swapped(self._faces[index], b, a))
        return True

    def _may_move(self, a, b, faces, target, longest) -> bool:
        """Whether a and b can both move to `target` without a fold or a long edge."""
        around = (self._neighbours(a) | self._neighbours(b)) - {a, b}
        if any(math.dist(target, self._points[v]) > longest for v in around):
            return False
        if a in self.border or b in self.border:
            others = around & self.border
            kept = [v for v in others if not self._is_border_edge(a, b, v)]
            if kept:
                return False
        for vertex in (a, b):
            for index in self._around[vertex] - faces:
                face = self._faces[index]
                before = self._normal(face)
                after = self._normal(face, vertex, target)
                if _dot(before, after) < 0.5 * _norm(before) * _norm(after):
                    return False
        return True

    def _is_border_edge(self, a: int, b: int, other: int) -> bool:
        """Whether `other` hangs on the merged vertex by border edges only."""
        links = [self.edge_faces(v, other) for v in (a, b)]
        return all(len(link) == 1 for link in links if link)

    def flip_if_better(self, a: int, b: int) -> bool:
        """Flip the edge if vertex degrees come closer to six (border: four)."""
        first, second = sorted(self.edge_faces(a, b))
        face = self._faces[first]
        if face[(face.index(a) + 1) % 3] != b:
            a, b = b, a
        c = _opposite(face, a, b)
        d = _opposite(self._faces[second], a, b)
        if self.has_edge(c, d) or (c in self.border and d in self.border):
            return False
        excess = [
            len(self._neighbours(v)) - (4 if v in self.border else 6)
            for v in (a, b, c, d)
        ]
        change = (-1, -1, 1, 1)
        before = sum(e * e for e in excess)
        after = sum((e + g) ** 2 for e, g in zip(excess, change))
        new_faces = ((a, d, c), (d, b, c))
        if after >= before or not self._keeps_side((first, second), new_faces):
            return False
        self._replace(first, new_faces[0])
        self._replace(second, new_faces[1])
        return True

    def _keeps_side(self, old: tuple[int, int], new) -> bool:
        """Whether the new pair of faces stays close to the old pair's plane."""
        normals = [self._normal(self._faces[i]) for i in old]
        reference = tuple(sum(axis) for axis in zip(*normals))
        for face in new:
            normal = self._normal(face)
            if _dot(normal, reference) < 0.6 * _norm(normal) * _norm(reference):
                return False
        return True

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for i in self._around[vertex] for v in self._faces[i]} - {vertex}

    def _normal(self, face, moved: int = -1, target: tuple[float, ...] = ()):
        p, q, r = (target if v == moved else self._points[v] for v in face)
        u = (q[0] - p[0], q[1] - p[1], q[2] - p[2])
        w = (r[0] - p[0], r[1] - p[1], r[2] - p[2])
        return (
            u[1] * w[2] - u[2] * w[1],
            u[2] * w[0] - u[0] * w[2],
            u[0] * w[1] - u[1] * w[0],
        )

    def _add(self, face) -> None:
        for vertex in face:
            self._around[vertex].add(len(self._faces))
        self._faces.append(face)

    def _remove(self, index: int) -> None:
        for vertex in self._faces[index]:
            self._around[vertex].discard(index)
        self._faces[index] = ()

    def _replace(self, index: int, face) -> None:
        self._remove(index)
        self._faces[index] = face
        for vertex in face:
            self._around[vertex].add(index)


def _midpoint(p, q):
    return tuple((x + y) / 2 for x, y in zip(p, q))


def _swapped(face, old: int, new: int):
    return tuple(new if v == old else v for v in face)


def _opposite(face, a: int, b: int) -> int:
    return next(v for v in face if v not in (a, b))


def _dot(p, q) -> float:
    return p[0] * q[0] + p[1] * q[1] + p[2] * q[2]


def _norm(p) -> float:
    return math.sqrt(_dot(p, p))
