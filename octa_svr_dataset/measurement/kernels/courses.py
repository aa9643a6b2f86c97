"""Loops along the courses of vessels in a picture, and of profiles across them."""

import math

import numpy as np

from octa_svr_dataset.kernel import kernel

_DOWN = np.array([-1, 1, 0, 0, -1, -1, 1, 1])
_RIGHT = np.array([0, 0, -1, 1, -1, 1, -1, 1])


@kernel()
def trace_lines(skeleton: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of each line between ends and junctions of a skeleton, in order; closed loops are left out.

    Parameters
    ----------
    skeleton
        (S, S) bool. Lines, one pixel wide.

    Returns
    -------
    points : (P, 2) ndarray of int64
        (row, column) of the pixels, line after line; side neighbors are taken before slanted ones.
    first : (K + 1,) ndarray of int64
        Where each line begins, and P.
    """
    height, width = skeleton.shape
    padded = np.zeros((height + 2, width + 2), np.bool_)
    for row in range(height):  # an assignment of slices would take 3 seconds to compile
        for column in range(width):
            padded[row + 1, column + 1] = skeleton[row, column]
    left = np.zeros((height + 2, width + 2), np.bool_)
    total = 0
    for row in range(1, height + 1):
        for column in range(1, width + 1):
            if padded[row, column]:
                near = 0
                for step in range(8):
                    near += padded[row + _DOWN[step], column + _RIGHT[step]]
                left[row, column] = near <= 2
                total += near <= 2
    is_end = np.zeros((height + 2, width + 2), np.bool_)
    for row in range(1, height + 1):
        for column in range(1, width + 1):
            if left[row, column]:
                near = 0
                for step in range(8):
                    near += left[row + _DOWN[step], column + _RIGHT[step]]
                is_end[row, column] = near <= 1
    points = np.empty((total, 2), np.int64)
    first = np.empty(total + 1, np.int64)
    count, lines = 0, 0
    for row in range(1, height + 1):
        for column in range(1, width + 1):
            if is_end[row, column] and left[row, column]:
                first[lines] = count
                lines += 1
                at_row, at_column, goes_on = row, column, True
                while goes_on:
                    left[at_row, at_column] = False
                    points[count, 0], points[count, 1] = at_row - 1, at_column - 1
                    count += 1
                    goes_on = False
                    for step in range(8):
                        if left[at_row + _DOWN[step], at_column + _RIGHT[step]]:
                            at_row, at_column, goes_on = at_row + _DOWN[step], at_column + _RIGHT[step], True
                            break
    first[lines] = count
    return points[:count], first[: lines + 1]


@kernel()
def join_lines(points: np.ndarray, first: np.ndarray, gap: float, back: int, least_cosine: float) -> np.ndarray:
    """Which end of a line goes on straight into which end of another one; the straightest pairs are joined first.

    Parameters
    ----------
    points, first
        Lines, as of `trace_lines`.
    gap
        Ends farther apart are not joined, px.
    back
        Number of pixels from its end by which the direction of a line is told.
    least_cosine
        Cosine of the largest turn.

    Returns
    -------
    (2 K,) ndarray of int64
        For the first (2 k) and the last end (2 k + 1) of each line the end that it is joined to, else -1.
    """
    num_ends = 2 * (len(first) - 1)
    tip, along = np.empty((num_ends, 2)), np.zeros((num_ends, 2))
    for line in range(num_ends // 2):
        begin, last = first[line], first[line + 1] - 1
        for side in range(2):
            outer = begin if side == 0 else last
            inner = min(begin + back, last) if side == 0 else max(last - back, begin)
            down = float(points[outer, 0] - points[inner, 0])
            right = float(points[outer, 1] - points[inner, 1])
            length = math.sqrt(down * down + right * right)
            tip[2 * line + side, 0], tip[2 * line + side, 1] = points[outer, 0], points[outer, 1]
            if length > 0.0:
                along[2 * line + side, 0], along[2 * line + side, 1] = down / length, right / length
    pairs, cosines = np.empty((num_ends * num_ends // 2, 2), np.int64), np.empty(num_ends * num_ends // 2)
    count = 0
    for one in range(num_ends):
        for other in range(one + 1, num_ends):
            if one // 2 == other // 2 or abs(tip[one, 0] - tip[other, 0]) > gap:
                continue
            if (tip[one, 0] - tip[other, 0]) ** 2 + (tip[one, 1] - tip[other, 1]) ** 2 > gap * gap:
                continue
            cosine = -(along[one, 0] * along[other, 0] + along[one, 1] * along[other, 1])
            if cosine > least_cosine:
                pairs[count, 0], pairs[count, 1], cosines[count] = one, other, cosine
                count += 1
    partner = np.empty(num_ends, np.int64)
    for end in range(num_ends):
        partner[end] = -1
    while True:
        best, best_one, best_other = least_cosine, -1, -1
        for pair in range(count):
            one, other = pairs[pair, 0], pairs[pair, 1]
            if cosines[pair] > best and partner[one] < 0 and partner[other] < 0:
                best, best_one, best_other = cosines[pair], one, other
        if best_one < 0:
            return partner
        partner[best_one], partner[best_other] = best_other, best_one


@kernel()
def chain_lines(points: np.ndarray, first: np.ndarray, partner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines that are joined as one each, in the order of `trace_lines`; rings of them are left out.

    Parameters
    ----------
    points, first, partner
        Lines, and how they are joined, as of `trace_lines` and `join_lines`.

    Returns
    -------
    points : (P, 2) ndarray of int64
        (row, column) of the pixels, course after course.
    first : (C + 1,) ndarray of int64
        Where each course begins, and P.
    """
    num_lines = len(first) - 1
    is_used = np.zeros(num_lines, np.bool_)
    chained, starts = np.empty(points.shape, np.int64), np.empty(num_lines + 1, np.int64)
    count, courses = 0, 0
    for start in range(2 * num_lines):
        if partner[start] >= 0 or is_used[start // 2]:
            continue
        starts[courses] = count
        courses += 1
        end = start
        while end >= 0:
            line = end // 2
            is_used[line] = True
            length = first[line + 1] - first[line]
            for step in range(length):
                source = first[line] + step if end % 2 == 0 else first[line + 1] - 1 - step
                chained[count, 0], chained[count, 1] = points[source, 0], points[source, 1]
                count += 1
            end = partner[2 * line + 1 - end % 2]
    starts[courses] = count
    return chained[:count], starts[: courses + 1]


@kernel()
def smoothed(values: np.ndarray, first: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(P, V) values along courses, averaged with weights (2 W + 1,); beyond its ends, a course goes on as at them.

    Parameters
    ----------
    values
        (P, V) float64. Values at the points of all courses.
    first
        (C + 1,) where each course begins, and P.
    weights
        Weights, which add up to 1.
    """
    smooth = np.zeros(values.shape)
    reach = len(weights) // 2
    for course in range(len(first) - 1):
        begin, end = first[course], first[course + 1]
        for point in range(begin, end):
            for step in range(-reach, reach + 1):
                source = min(max(point + step, begin), end - 1)
                for column in range(values.shape[1]):
                    smooth[point, column] += weights[step + reach] * values[source, column]
    return smooth


@kernel(allocates=False)
def arcs_and_chords(points: np.ndarray, first: np.ndarray, piece: float) -> tuple[float, float]:
    """Sum of the arcs and sum of the chords of all pieces of courses of one length, wherever they begin.

    Parameters
    ----------
    points, first
        (P, 2) and (C + 1,) courses.
    piece
        Length of the pieces; a shorter course is a piece as a whole.
    """
    arcs, chords = 0.0, 0.0
    for course in range(len(first) - 1):
        begin, end = first[course], first[course + 1]
        ahead, arc = begin, 0.0
        for point in range(begin, end):
            while arc < piece and ahead < end - 1:
                down = points[ahead + 1, 0] - points[ahead, 0]
                right = points[ahead + 1, 1] - points[ahead, 1]
                arc += math.sqrt(down * down + right * right)
                ahead += 1
            if arc < piece and point > begin:
                break
            down, right = points[ahead, 0] - points[point, 0], points[ahead, 1] - points[point, 1]
            arcs += arc
            chords += math.sqrt(down * down + right * right)
            if point + 1 < end:
                down = points[point + 1, 0] - points[point, 0]
                right = points[point + 1, 1] - points[point, 1]
                arc -= math.sqrt(down * down + right * right)
    return arcs, chords


@kernel()
def profiles(gray: np.ndarray, points: np.ndarray, first: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(P, D) gray levels across courses, at distances (D,) from them, px; those beyond the picture are its border's.

    Parameters
    ----------
    gray
        (S, S) float32. The picture.
    points, first
        (P, 2) and (C + 1,) smooth courses, px; integers are centers of pixels.
    offsets
        (D,) float64. Distances across the course, negative on one side, px.
    """
    size = len(gray) - 1
    across = np.empty((len(points), len(offsets)))
    for course in range(len(first) - 1):
        begin, end = first[course], first[course + 1] - 1
        for point in range(begin, end + 1):
            before, after = max(point - 2, begin), min(point + 2, end)
            down, right = points[after, 0] - points[before, 0], points[after, 1] - points[before, 1]
            length = max(math.sqrt(down * down + right * right), 1e-9)
            down, right = down / length, right / length
            for place in range(len(offsets)):
                row = min(max(points[point, 0] - right * offsets[place], 0.0), size - 1e-6)
                column = min(max(points[point, 1] + down * offsets[place], 0.0), size - 1e-6)
                upper, left = int(row), int(column)
                below, beside = row - upper, column - left
                above = gray[upper, left] * (1.0 - beside) + gray[upper, left + 1] * beside
                beneath = gray[upper + 1, left] * (1.0 - beside) + gray[upper + 1, left + 1] * beside
                across[point, place] = above * (1.0 - below) + beneath * below
    return across


@kernel()
def widths_at_half_height(across: np.ndarray, middle: int) -> tuple[np.ndarray, np.ndarray]:
    """(P, 2) widths of profiles at half of their height over their surroundings, and (P,) of their slopes, in steps.

    The widths are those from the top to either side; together they are the width of the vessel.

    The slope is the distance over which a profile falls from three quarters to a quarter of its height, the mean of
    both sides; where it does not fall so far, the profile ends there.

    Parameters
    ----------
    across
        (P, D) gray levels across a vessel in the middle.
    middle
        The top is looked for up to so many steps from the middle.
    """
    width, slope = np.zeros((len(across), 2)), np.zeros(len(across))
    center = across.shape[1] // 2
    for point in range(len(across)):
        profile = across[point]
        top = center
        for place in range(center - middle, center + middle + 1):
            top = place if profile[place] > profile[top] else top
        before, after = profile[0], profile[-1]
        for place in range(center):
            before, after = min(before, profile[place]), min(after, profile[center + 1 + place])
        floor = (before + after) / 2.0
        height = max(profile[top] - floor, 1e-6)
        for index in range(2):
            side = 2 * index - 1
            reached, crossings = 0, np.zeros(3)
            place = top
            while reached < 3:
                level = floor + height * (0.75 - 0.25 * reached)
                if place + side < 0 or place + side >= len(profile):
                    crossings[reached] = abs(place - top)
                    reached += 1
                elif profile[place + side] <= level:
                    drop = max(profile[place] - profile[place + side], 1e-6)
                    crossings[reached] = abs(place - top) + min(max((profile[place] - level) / drop, 0.0), 1.0)
                    reached += 1
                else:
                    place += side
            width[point, index] = crossings[1]
            slope[point] += (crossings[2] - crossings[0]) / 2.0
    return width, slope
