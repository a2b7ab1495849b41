package img

import (
	"errors"
	"fmt"
)

// ErrNotInstalled says that no image of that uuid is on the pool.
var ErrNotInstalled = errors.New("image is not installed")

// Code names a kind of failure, for scripts: they see it in parentheses before
// the message and as "code" with -E.
type Code string

// The kinds of failure.
const (
	CodeInternal         Code = "InternalError"
	CodeUsage            Code = "Usage"
	CodeUnknownCommand   Code = "UnknownCommand"
	CodeUnknownOption    Code = "UnknownOption"
	CodeInvalidUUID      Code = "InvalidUUID"
	CodeConfig           Code = "ConfigError"
	CodeNoSources        Code = "NoSources"
	CodeSourcePing       Code = "SourcePing"
	CodeSource           Code = "SourceError"
	CodeImageNotFound    Code = "ImageNotFound"
	CodeActiveNotFound   Code = "ActiveImageNotFound"
	CodeAmbiguous        Code = "AmbiguousImage"
	CodeOriginNotFound   Code = "OriginNotFoundInSource"
	CodeNotInstalled     Code = "ImageNotInstalled"
	CodeOriginMissing    Code = "OriginNotInstalled"
	CodeAlreadyInstalled Code = "ImageAlreadyInstalled"
	CodeHasClones        Code = "ImageHasDependentClones"
	CodeInvalidManifest  Code = "InvalidManifest"
	CodeManifest         Code = "ManifestValidation"
	CodeFile             Code = "FileSystemError"
	CodeDownload         Code = "DownloadError"
	CodeUncompress       Code = "UncompressionError"
	CodeContent          Code = "ImageContentError"
	CodeNoSpace          Code = "NotEnoughSpace"
	CodePoolNotFound     Code = "ZpoolNotFound"
	CodeUnsupported      Code = "NotSupported"
	CodeMulti            Code = "MultiError"
	CodeInterrupted      Code = "Interrupted"
	CodeVMNotFound       Code = "VmNotFound"
	CodeVMNotStopped     Code = "VmNotStopped"
	CodeNoOrigin         Code = "VmHasNoOrigin"
	CodeOriginSnapshot   Code = "OriginHasNoFinalSnapshot"
	CodeMaxDepth         Code = "MaxOriginDepth"
	CodeUpload           Code = "UploadError"
)

// Error is a failure with its code.
type Error struct {
	Code Code
	Err  error
	Hint string // what to do about it, where there is something
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func fail(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

func failHint(code Code, hint, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...), Hint: hint}
}

// CodeOf is the code of err, CodeInternal when it has none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

func notInstalled(uuid, pool string) error {
	return fail(CodeNotInstalled, "image %q is not on pool %q: %w", uuid, pool, ErrNotInstalled)
}

// InvalidUUID is the error for a text that should be a uuid.
func InvalidUUID(text string) error {
	return fail(CodeInvalidUUID, "invalid uuid: %q (8-4-4-4-12 lower-case hex digits)", text)
}
