#include "figures.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace epoch::fault {

std::size_t scale() {
  static const std::size_t factor = [] {
    const char* text = std::getenv("EPOCH_FAULT_SCALE");
    if (text == nullptr || *text == '\0') return std::size_t{1};
    const std::size_t number = std::stoul(text);
    if (number < 1) throw std::invalid_argument("EPOCH_FAULT_SCALE is a whole number from 1 on");
    return number;
  }();
  return factor;
}

void record(const std::string& name, std::size_t value) {
  const char* path = std::getenv("EPOCH_FAULT_FIGURES");
  if (path != nullptr && *path != '\0') {
    std::ofstream(path, std::ios::app) << name << ": " << value << std::endl;
  }
}

}  // namespace epoch::fault
