"""Top-1 accuracy of models under ONNX Runtime: python3 accuracy.py MODEL.onnx … [--mnist FOLDER].

On the 10,000 test images of MNIST, if they are there, and on the 200 digits of examples/digits.
"""
import argparse

import numpy as np

import mnist
import reference


def report(model, name, images, labels):
    outputs, host = reference.run(model, images)
    correct = int((outputs.argmax(axis=1) == labels).sum())
    print(f"{model}: {correct}/{len(labels)} of {name}  ({host.split(',')[0]})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--mnist", help="folder with the IDX files (.gz or not)")
    options = parser.parse_args()
    sets = [("examples/digits", np.load(reference.DIGITS), np.load(reference.DIGIT_LABELS))]
    try:
        images, labels = mnist.load("t10k", options.mnist)
        sets.insert(0, ("the MNIST test images", images[:, np.newaxis], labels))
    except FileNotFoundError as error:
        print(f"no MNIST test images: {error}")
    for model in options.models:
        for images_and_labels in sets:
            report(model, *images_and_labels)


if __name__ == "__main__":
    main()
