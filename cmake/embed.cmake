# Turns text files into one C++ source: std::string_view constants in a table, looked up by name.
# The suffix sv spares the compiler counting the characters one by one, which clang gives up on.
#   cmake -DOUT=embedded.cpp -DROOT=dir -DFILES="a;b" -P embed.cmake
set(entries "")
foreach(file IN LISTS FILES)
  file(READ "${ROOT}/${file}" text)
  string(APPEND entries "    {\"${file}\", R\"__embed__(${text})__embed__\"sv},\n")
endforeach()
file(WRITE "${OUT}.tmp" "#include \"emit/embedded.hpp\"\n\nnamespace o2m {\nnamespace {\n\nusing namespace std::literals;\nconstexpr EmbeddedFile table[] = {\n${entries}};\n\n}  // namespace\n\nstd::span<const EmbeddedFile> embedded_files() { return table; }\n\n}  // namespace o2m\n")
file(RENAME "${OUT}.tmp" "${OUT}")
