#!/bin/sh
echo "Hello from the configuration of the test stack"
