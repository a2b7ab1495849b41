// Package btf reads the kernel's description of its own types. It reads only
// what it is asked for: the whole is tens of thousands of types, a program
// needs a handful, and start-up time counts. Types come out as package ctype
// has them. It never asks the kernel for anything but that file.
package btf
