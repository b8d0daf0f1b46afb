"""Trains the network of one example and writes it as float ONNX: python3 train.py NAME [--mnist FOLDER].

Seeded, on one thread: the same torch on the same machine gives the same file. All 60,000 training images are
used and the weights after the last epoch are kept, averaged; the test images only tell the accuracy reached.
"""
import argparse
import copy
import math
import pathlib
import time

import torch
import torch.nn.functional as F

import augment
import mnist
import onnx_export
from networks import NETWORKS

EXAMPLES = pathlib.Path(__file__).resolve().parents[1]


def to_tensors(images, labels):
    return torch.tensor(images).unsqueeze(1).float() / 255, torch.tensor(labels).long()


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        predictions = torch.cat([network(part).argmax(1) for part in images.split(1000)])
    return (predictions == labels).float().mean().item()


def learning_rate(step, steps, peak):
    """Warm-up over the first 5 %, then half a cosine down to zero."""
    warm_up = max(1, steps // 20)
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))


def average_into(average, network, decay):
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), network.state_dict().values()):
            if a.is_floating_point():
                a.lerp_(b, 1 - decay)
            else:
                a.copy_(b)


def train(recipe, images, labels, report):
    network = recipe.layers()
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay)
    batches = len(images) // recipe.batch
    steps, step = batches * recipe.epochs, 0
    for epoch in range(recipe.epochs):
        network.train()
        order, total = torch.randperm(len(images)), 0.0
        for batch in order[: batches * recipe.batch].split(recipe.batch):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, steps, recipe.peak_rate)
            loss = F.cross_entropy(network(augment.distort(images[batch], recipe.distortion)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            average_into(average, network, min(0.998, step / (step + 10)))
            total += loss.item()
        report(epoch, total / batches, average)
    return average


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=sorted(NETWORKS))
    parser.add_argument("--mnist", help="folder with the four IDX files (.gz or not)")
    parser.add_argument("--output", help="default: examples/NETWORK/NETWORK_float.onnx")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's number")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    recipe = NETWORKS[options.network]
    recipe.epochs = options.epochs or recipe.epochs
    images, labels = to_tensors(*mnist.load("train", options.mnist))
    test_images, test_labels = to_tensors(*mnist.load("t10k", options.mnist))
    start = time.time()

    def report(epoch, loss, network):
        test = accuracy(network, test_images, test_labels)
        seconds = round(time.time() - start)
        print(f"epoch {epoch + 1}/{recipe.epochs}  loss {loss:.4f}  test {test:.4f}  {seconds} s", flush=True)

    network = train(recipe, images, labels, report)
    output = pathlib.Path(options.output or EXAMPLES / options.network / f"{options.network}_float.onnx")
    output.parent.mkdir(parents=True, exist_ok=True)
    onnx_export.export(network, output, options.network, recipe.softmax)
    print(f"{output}: {accuracy(network, test_images, test_labels):.4f} of the test images")


if __name__ == "__main__":
    main()
