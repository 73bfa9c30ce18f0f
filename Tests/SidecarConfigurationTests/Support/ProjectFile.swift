import Testing

@testable import SidecarConfiguration

/// A text file of the project, by its path from the project's folder.
func projectFile(_ path: String) throws -> String {
    // This file is Tests/SidecarConfigurationTests/Support/ProjectFile.swift.
    let components = #filePath.split(separator: "/").dropLast(4)
    let bytes = try TextFile.read("/\(components.joined(separator: "/"))/\(path)", limit: 1 << 20)
    return String(decoding: bytes, as: UTF8.self)
}
