// Sample files that hold bytes: MNIST's IDX (gzip or not), PGM and PNG images and folders of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ir/tensor.hpp"

namespace o2m {

/// The whole file, unpacked if it is a gzip file. Throws Refusal.
std::string read_file(const std::filesystem::path& path);

/// An IDX file of bytes: uint8 with the dimensions it declares. Nothing if `bytes` is no IDX file; refused if
/// damaged.
std::optional<Tensor> parse_idx(std::string_view bytes);

/// Named *.pgm or *.png.
bool is_image(const std::filesystem::path& path);

/// An image, or all images of a folder in order of their names, of one size: uint8[N, C, H, W], C = 1 or 3.
Tensor read_images(const std::filesystem::path& path);

/// uint8[1, H, W]
Tensor parse_pgm(std::string_view bytes);

}  // namespace o2m
