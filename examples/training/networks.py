"""The networks of the examples: their layers, and how each is trained.

Every network is one torch.nn.Sequential, so that a list of layers is all that the exporter has to understand.
Batch normalization helps the training only: it is folded into the layer before it when the network is
exported. All take an image of 28 x 28 values in 0...1 (the byte divided by 255).
"""
import collections
import dataclasses
import typing

from torch import nn


@dataclasses.dataclass
class Network:
    layers: typing.Callable[[], nn.Sequential]  # builds the untrained network, which ends with the logits
    softmax: bool = False  # the exported network ends with Softmax
    epochs: int = 30
    batch: int = 128
    peak_rate: float = 4e-3  # of AdamW, after the warm-up
    weight_decay: float = 1e-4
    distortion: float = 0.6  # strength given to augment.distort


def sequence(*layers):
    """A Sequential whose layers are named by kind and position: conv1, relu1, pool1, conv2, …"""
    kinds = {nn.Conv2d: "conv", nn.Linear: "fc", nn.BatchNorm2d: "norm", nn.BatchNorm1d: "norm",
             nn.ReLU: "relu", nn.MaxPool2d: "pool", nn.AdaptiveAvgPool2d: "mean", nn.Flatten: "flatten",
             nn.ZeroPad2d: "pad"}
    counts = collections.Counter()
    named = collections.OrderedDict()
    for layer in layers:
        kind = kinds[type(layer)]
        counts[kind] += 1
        named[f"{kind}{counts[kind]}"] = layer
    return nn.Sequential(named)


def conv(inputs, outputs, kernel, **options):
    return [nn.Conv2d(inputs, outputs, kernel, **options), nn.BatchNorm2d(outputs), nn.ReLU()]


def fully_connected(inputs, outputs):
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]


def bluepill_linear():
    return sequence(nn.Flatten(), nn.Linear(784, 10))


def bluepill_cnn():
    """Peak of two adjacent tensors: 28*28*8 + 14*14*8 = 7,840 bytes; 25,352 weights; 1.20 million MACs."""
    return sequence(*conv(1, 8, 3, padding=1), nn.MaxPool2d(2), *conv(8, 16, 3, padding=1),
                    *conv(16, 16, 3, padding=1), nn.MaxPool2d(2), *conv(16, 32, 3, padding=1),
                    *conv(32, 32, 3), nn.Flatten(), nn.Linear(800, 10))


def nucleo_cnn():
    return sequence(*conv(1, 6, 5), nn.MaxPool2d(2), *conv(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(),
                    *fully_connected(256, 100), nn.Linear(100, 10))


def nucleo_mlp():
    return sequence(nn.Flatten(), *fully_connected(784, 128), *fully_connected(128, 128), nn.Linear(128, 10))


def h7_st_mnist():
    """ST's "MNIST v1": 36 classes, of which the first ten are the digits; the others are never right here."""
    return sequence(nn.ZeroPad2d((0, 1, 0, 1)), *conv(1, 16, 3, stride=2),
                    *conv(16, 16, 3, padding=1, groups=16), *conv(16, 32, 3, padding=1),
                    nn.ZeroPad2d((0, 1, 0, 1)), *conv(32, 32, 3, stride=2, groups=32),
                    *conv(32, 64, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 36))


def h750_mlp():
    return sequence(nn.Flatten(), *fully_connected(784, 128), *fully_connected(128, 64), nn.Linear(64, 10))


NETWORKS = {
    "bluepill-linear": Network(bluepill_linear, epochs=20, distortion=0),
    "bluepill-cnn": Network(bluepill_cnn, epochs=30),
    "nucleo-cnn": Network(nucleo_cnn, epochs=60),
    "nucleo-mlp": Network(nucleo_mlp, softmax=True, epochs=60, distortion=0.4),
    "h7-st-mnist": Network(h7_st_mnist, softmax=True, epochs=30),
    "h750-mlp": Network(h750_mlp, epochs=60, distortion=0.4),
}
