/*
 * trunkline/version.h - which SDK this is: the ABI's two numbers (abi.h) and a third one that
 * counts what changes nothing at the border. Goes into each connector's note, for bug reports.
 */
#ifndef TRUNKLINE_VERSION_H
#define TRUNKLINE_VERSION_H

#define TL_SDK_VERSION "1.0.0"

#endif
