// Package platform boots images of the in-memory system in virtual machines,
// from every medium, and uses them over their serial console as a person would.
package platform
