.PHONY: build test
build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o build/smartbox .
test:
	go test ./...
