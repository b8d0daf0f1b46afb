"""Draws the project's own test images: handwriting-like digits, from strokes. Needs numpy only.

  python3 draw_digits.py            writes digits_200x1x28x28_u8.npy and labels_200_u8.npy beside this file

Each digit exists in several shapes, given by the points a pen passes through. Every image takes one of them,
bends it smoothly, shears, turns and stretches it, scales it to a box of 20 x 20 pixels, centres it by its
mass and draws it with a pen of random width: white (255) on black (0), as the images of MNIST, of which
nothing is used.
"""
import argparse
import pathlib

import numpy as np

SIZE = 28  # pixels
BOX = 20.0  # pixels, the larger side of a digit
SOFTNESS = 1.3  # pixels over which the pen's edge fades

# Per digit its shapes; per shape its strokes; per stroke the points (x, y) of a smooth curve; y points down.
SHAPES = {
    0: [[[(.5, 0), (.2, .12), (.06, .5), (.2, .88), (.5, 1), (.8, .88), (.94, .5), (.8, .12), (.5, 0)]],
        [[(.62, .03), (.3, .08), (.1, .45), (.15, .82), (.42, 1), (.75, .85), (.9, .5), (.8, .15),
          (.5, .02)]],
        [[(.7, .1), (.4, .02), (.15, .3), (.1, .7), (.35, .98), (.7, .8), (.85, .4), (.7, .08), (.55, .0)]]],
    1: [[[(.5, 0), (.5, .35), (.5, .65), (.5, 1)]],
        [[(.58, 0), (.52, .35), (.5, .65), (.44, 1)]],
        [[(.38, .16), (.52, 0)], [(.52, 0), (.52, .5), (.5, 1)]]],
    2: [[[(.12, .22), (.3, .03), (.62, .02), (.8, .22), (.68, .5), (.4, .78), (.1, 1)],
         [(.1, 1), (.4, .97), (.65, .98), (.92, .95)]],
        [[(.15, .2), (.38, .0), (.7, .06), (.78, .3), (.62, .6), (.38, .88), (.15, .98), (.08, .84),
          (.25, .76), (.5, .88), (.75, 1), (.95, .92)]],
        [[(.2, .12), (.5, .0), (.74, .15), (.7, .42), (.45, .72), (.12, .96)],
         [(.12, .96), (.5, .93), (.9, .98)]]],
    3: [[[(.15, .12), (.42, .0), (.75, .1), (.76, .3), (.6, .44), (.38, .48)],
         [(.38, .48), (.65, .5), (.86, .68), (.76, .92), (.45, 1), (.12, .9)]],
        [[(.18, .08), (.5, .0), (.78, .14), (.7, .36), (.42, .46)],
         [(.42, .46), (.74, .54), (.84, .76), (.62, .98), (.3, 1), (.1, .86)]],
        [[(.12, .04), (.45, .02), (.8, .0)], [(.8, .0), (.62, .22), (.42, .4)],
         [(.42, .4), (.72, .46), (.88, .7), (.72, .94), (.4, 1), (.1, .9)]]],
    4: [[[(.22, .02), (.14, .3), (.1, .56)], [(.1, .56), (.4, .55), (.92, .5)],
         [(.74, .05), (.7, .4), (.68, .7), (.64, 1)]],
        [[(.2, .05), (.16, .3), (.22, .5), (.45, .55), (.74, .46)],
         [(.78, .0), (.74, .35), (.7, .7), (.68, 1)]],
        [[(.62, 0), (.35, .32), (.06, .64)], [(.06, .64), (.5, .62), (.96, .6)],
         [(.62, 0), (.62, .5), (.6, 1)]]],
    5: [[[(.26, .03), (.55, .03), (.9, .0)], [(.26, .03), (.22, .22), (.18, .44)],
         [(.18, .44), (.45, .36), (.74, .48), (.82, .7), (.68, .93), (.4, 1), (.1, .92)]],
        [[(.88, .04), (.6, .02), (.32, .05)], [(.32, .05), (.24, .25), (.22, .4)],
         [(.22, .4), (.5, .42), (.74, .58), (.74, .82), (.5, .98), (.1, .96)]]],
    6: [[[(.68, .0), (.42, .18), (.2, .48), (.14, .76), (.3, .98), (.6, .96), (.8, .76), (.68, .56),
          (.42, .56), (.18, .74)]],
        [[(.5, .0), (.28, .28), (.16, .6), (.22, .88), (.46, 1), (.72, .9), (.78, .7), (.58, .56), (.34, .64),
          (.2, .8)]],
        [[(.8, .04), (.5, .1), (.24, .4), (.14, .72), (.28, .96), (.56, .98), (.74, .8), (.62, .6), (.38, .6),
          (.18, .76)]]],
    7: [[[(.08, .08), (.4, .06), (.88, .02)], [(.88, .02), (.7, .32), (.52, .64), (.4, 1)]],
        [[(.1, .16), (.14, .04), (.5, .05), (.86, .04)], [(.86, .04), (.68, .4), (.56, .7), (.5, 1)]],
        [[(.1, .04), (.5, .04), (.86, .02)], [(.86, .02), (.7, .3), (.5, .65), (.36, 1)],
         [(.34, .54), (.56, .5), (.8, .5)]]],
    8: [[[(.76, .12), (.5, .0), (.24, .12), (.3, .34), (.54, .48), (.78, .66), (.74, .9), (.48, 1),
          (.22, .88), (.24, .66), (.48, .48), (.72, .32), (.76, .12)]],
        [[(.7, .08), (.44, .02), (.26, .18), (.36, .38), (.6, .54), (.72, .78), (.56, .98), (.32, .96),
          (.24, .76), (.42, .54), (.64, .36), (.76, .16), (.66, .06)]]],
    9: [[[(.76, .2), (.56, .02), (.28, .08), (.16, .3), (.32, .48), (.58, .44), (.76, .2)],
         [(.76, .2), (.74, .5), (.68, .78), (.64, 1)]],
        [[(.78, .12), (.5, .0), (.24, .14), (.22, .38), (.46, .48), (.7, .36), (.78, .12)],
         [(.78, .12), (.76, .45), (.64, .78), (.42, 1)]],
        [[(.72, .1), (.44, .02), (.22, .2), (.28, .42), (.54, .42), (.72, .1)],
         [(.72, .1), (.72, .5), (.72, 1)]]],
}


def smooth_curve(points, steps=12):
    """Catmull-Rom spline through the points, as a polyline."""
    p = np.asarray(points, np.float64)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [b + 0.5 * ((c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
              for a, b, c, d in zip(p, p[1:], p[2:], p[3:])]
    return np.vstack([*pieces, p[-2]])


def bend(random, strength=0.03):
    """A smooth random displacement of the plane: three plane waves with random directions and phases."""
    waves = random.normal(0, 3.5, (3, 2))
    phases = random.uniform(0, 2 * np.pi, (3, 2))
    sizes = random.normal(0, strength, (3, 2))

    def apply(points):
        angles = points @ waves.T  # (points, waves)
        return points + sum(sizes[k] * np.sin(angles[:, k : k + 1] + phases[k]) for k in range(3))

    return apply


def affine(random):
    """A 2 x 2 matrix: stretched, slanted to the right more often than to the left, turned a little."""
    angle, slant = random.normal(0, 0.08), random.normal(-0.13, 0.15)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ np.array([[1, slant], [0, 1]]) @ np.diag([random.uniform(0.6, 0.95), 1])


def ink(strokes, radius):
    """The image of the strokes (in pixels) under a round pen: coverage by distance to the nearest segment."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    pixels = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    a = np.vstack([s[:-1] for s in strokes])
    d = np.vstack([s[1:] for s in strokes]) - a
    t = np.clip(((pixels - a) * d).sum(-1) / np.maximum((d * d).sum(-1), 1e-12), 0, 1)
    distance = np.sqrt((((a + t[..., None] * d) - pixels) ** 2).sum(-1)).min(axis=1)
    return np.clip(0.5 + (radius - distance) / SOFTNESS, 0, 1).reshape(SIZE, SIZE)


def draw(digit, random):
    """One image (28, 28) uint8."""
    shape = SHAPES[digit][random.randint(len(SHAPES[digit]))]
    displace, matrix = bend(random), affine(random)
    radius = random.uniform(0.85, 1.6)
    strokes = [displace(smooth_curve(stroke)) @ matrix.T for stroke in shape]
    points = np.vstack(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (BOX - 2 * radius) / (high - low).max()
    middle = (SIZE - 1) / 2
    strokes = [(s - (low + high) / 2) * scale + middle for s in strokes]
    image = ink(strokes, radius)
    mass = np.array([(image.sum(axis=k) * np.arange(SIZE)).sum() / image.sum() for k in (0, 1)])
    return np.rint(255 * ink([s + middle - mass for s in strokes], radius)).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--per-digit", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    options = parser.parse_args()
    random = np.random.RandomState(options.seed)
    labels = np.tile(np.arange(10, dtype=np.uint8), options.per_digit)
    images = np.stack([draw(int(digit), random) for digit in labels])[:, np.newaxis]
    count = len(labels)
    np.save(options.folder / f"digits_{count}x1x28x28_u8.npy", images)
    np.save(options.folder / f"labels_{count}_u8.npy", labels)


if __name__ == "__main__":
    main()
