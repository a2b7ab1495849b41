package cpp

const triplet = "aarch64-linux-gnu"
