package cpp

const triplet = "x86_64-linux-gnu"
