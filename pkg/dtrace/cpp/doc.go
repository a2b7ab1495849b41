// Package cpp is the C preprocessor of dtrace -C: directives, macros, included
// files. It is text in and text out; it opens the files that programs include
// and nothing else, and knows nothing of D.
package cpp
