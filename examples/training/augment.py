"""Random distortion of digit images: an affine map and a smooth elastic displacement, in one resampling."""
import torch
import torch.nn.functional as F


def uniform(count, low, high):
    return torch.rand(count) * (high - low) + low


def affine_grid(count, strength, size):
    """Sampling positions in [-1, 1] of `count` random affine maps; strength 1 is ±15° and ±2 pixels."""
    angle = uniform(count, -0.26, 0.26) * strength
    shear = uniform(count, -0.25, 0.25) * strength
    scale_x = torch.exp(uniform(count, -0.15, 0.15) * strength)
    scale_y = torch.exp(uniform(count, -0.15, 0.15) * strength)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    theta = torch.empty(count, 2, 3)
    theta[:, 0, 0] = cosine * scale_x
    theta[:, 0, 1] = (shear * cosine - sine) * scale_x
    theta[:, 1, 0] = sine * scale_y
    theta[:, 1, 1] = (shear * sine + cosine) * scale_y
    theta[:, :, 2] = uniform((count, 2), -2.0, 2.0) * strength * 2 / size
    return F.affine_grid(theta, (count, 1, size, size), align_corners=False)


def elastic_field(count, strength, size):
    """Smooth displacements: a 6 x 6 grid of random vectors (1 pixel at strength 1), interpolated."""
    coarse = torch.randn(count, 2, 6, 6) * strength * 2 / size
    return F.interpolate(coarse, (size, size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def distort(images, strength):
    """Distorts a batch (N, 1, S, S); strength 0 leaves it alone. Uses torch's random generator."""
    if strength == 0:
        return images
    count, size = images.shape[0], images.shape[-1]
    grid = affine_grid(count, strength, size) + elastic_field(count, strength, size)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
