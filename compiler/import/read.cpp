#include "import/read.hpp"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "diagnostics.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

/// Keeps the first parse error, with its line, instead of protobuf's own print to stderr.
struct FirstError : pb::io::ErrorCollector {
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  std::string text;
};

void parse_text(pb::io::ZeroCopyInputStream& in, onnx::ModelProto& model) {
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(100);
  if (!parser.Parse(&in, &model)) refuse("not a text-form ONNX model: {}", error.text);
}

onnx::ModelProto parse(pb::io::ZeroCopyInputStream& in, ModelForm form) {
  onnx::ModelProto model;
  pb::LogSilencer quiet;  // protobuf would report a damaged file on stderr itself
  if (form == ModelForm::text)
    parse_text(in, model);
  else if (!model.ParseFromZeroCopyStream(&in))
    refuse("not an ONNX model: the protobuf data is damaged or truncated");
  if (!model.has_graph()) refuse("not an ONNX model: it holds no graph");
  return model;
}

}  // namespace

onnx::ModelProto parse_model(std::string_view bytes, ModelForm form) {
  pb::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
  return parse(in, form);
}

onnx::ModelProto read_model(const fs::path& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) refuse("is a directory, expected an ONNX model file");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse("cannot open the file: {}", std::strerror(errno));
  pb::io::FileInputStream in(file);
  in.SetCloseOnDelete(true);

  const auto size = fs::file_size(path, failure);
  if (!failure && size > static_cast<std::uintmax_t>(std::numeric_limits<std::int32_t>::max()))
    refuse(
        "the file has {} bytes, an ONNX model has at most 2 GiB (weights beyond that belong in external "
        "data)",
        size);

  const std::string extension = path.extension().string();
  const bool text = extension == ".txtpb" || extension == ".textproto" || extension == ".pbtxt";
  return parse(in, text ? ModelForm::text : ModelForm::binary);
}

}  // namespace o2m
