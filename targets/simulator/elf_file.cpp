#include "elf_file.hpp"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace o2m::sim {
namespace {

/// A structure at `offset`, checked against the end of the file.
template <class T>
T at(const std::string& bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
    throw std::runtime_error("the file is cut short");
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void load_segments(const std::string& bytes, const Elf32_Ehdr& header, Memory& memory) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = at<Elf32_Phdr>(bytes, header.e_phoff + i * sizeof(Elf32_Phdr));
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    std::uint8_t* to = memory.bytes(segment.p_paddr, segment.p_filesz);
    if (!to || bytes.size() < segment.p_offset || bytes.size() - segment.p_offset < segment.p_filesz) {
      std::ostringstream text;
      text << std::hex << "the segment of 0x" << segment.p_filesz << " bytes at 0x" << segment.p_paddr
           << " fits no bank of this chip";
      throw std::runtime_error(text.str());
    }
    std::memcpy(to, bytes.data() + segment.p_offset, segment.p_filesz);
  }
}

std::string string_at(const std::string& bytes, std::size_t offset) {
  if (offset >= bytes.size()) return {};
  return bytes.substr(offset, bytes.find('\0', offset) - offset);
}

}  // namespace

ElfFile::ElfFile(const std::string& path, Memory& memory) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw std::runtime_error("cannot read " + path);
  try {
    const auto header = at<Elf32_Ehdr>(bytes, 0);
    if (std::memcmp(header.e_ident, "\177ELF\1\1", 6) != 0 || header.e_machine != EM_ARM)
      throw std::runtime_error("no 32-bit ELF for Arm");
    load_segments(bytes, header, memory);
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      const auto section = at<Elf32_Shdr>(bytes, header.e_shoff + i * sizeof(Elf32_Shdr));
      if (section.sh_type != SHT_SYMTAB) continue;
      const auto strings = at<Elf32_Shdr>(bytes, header.e_shoff + section.sh_link * sizeof(Elf32_Shdr));
      for (std::uint32_t k = 0; k < section.sh_size / sizeof(Elf32_Sym); ++k) {
        const auto symbol = at<Elf32_Sym>(bytes, section.sh_offset + k * sizeof(Elf32_Sym));
        const std::string name = string_at(bytes, strings.sh_offset + symbol.st_name);
        if (symbol.st_name == 0 || name.empty()) continue;
        values_[name] = symbol.st_value;
        if (ELF32_ST_TYPE(symbol.st_info) == STT_FUNC)
          functions_.push_back({symbol.st_value & ~1u, symbol.st_size, name});
      }
    }
  } catch (const std::runtime_error& fault) {
    throw std::runtime_error(path + ": " + fault.what());
  }
  std::sort(functions_.begin(), functions_.end(),
            [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
}

const Symbol* ElfFile::function_at(std::uint32_t pc) const {
  auto it = std::upper_bound(functions_.begin(), functions_.end(), pc,
                             [](std::uint32_t p, const Symbol& s) { return p < s.address; });
  if (it == functions_.begin()) return nullptr;
  --it;
  return pc - it->address < std::max(it->size, 2u) ? &*it : nullptr;
}

std::string ElfFile::place(std::uint32_t pc) const {
  const Symbol* f = function_at(pc);
  if (!f) return "?";
  std::ostringstream text;
  text << readable_name(f->name) << std::hex << "+0x" << pc - f->address;
  return text.str();
}

std::optional<std::uint32_t> ElfFile::value(const std::string& symbol) const {
  const auto it = values_.find(symbol);
  return it == values_.end() ? std::nullopt : std::optional(it->second);
}

std::string readable_name(const std::string& symbol) {
  int status = 0;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  const std::string name = status == 0 && text ? text : symbol;
  std::free(text);
  return name;
}

}  // namespace o2m::sim
