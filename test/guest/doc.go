// Package guest boots test guests and runs the privileged suites of other
// packages in them: what this host's kernel lacks, and what would harm it.
package guest
