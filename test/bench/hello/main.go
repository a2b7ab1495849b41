// Hello is the least that a Go program can do, to compare the tools' start with.
package main

import "os"

func main() { os.Stdout.WriteString("hello\n") }
