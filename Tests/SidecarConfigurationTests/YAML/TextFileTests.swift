import Glibc
import TestFolders
import Testing

@testable import SidecarConfiguration

@Suite struct TextFileTests {
    @Test func readsWhole() throws {
        let folder = TemporaryFolder()
        let bytes = Array(repeating: UInt8(ascii: "x"), count: 100_000)
        #expect(try TextFile.read(folder.write("a", bytes), limit: 100_000) == bytes)
    }

    @Test func isBounded() throws {
        let folder = TemporaryFolder()
        let path = try folder.write("a", "12345")
        let failure = #expect(throws: TextFile.Failure.self) { try TextFile.read(path, limit: 4) }
        #expect(failure?.problem == "is larger than 4 octets")
        #expect(throws: TextFile.Failure.self) { try TextFile.read("/dev/zero", limit: 1 << 20) }
    }

    @Test(.timeLimit(.minutes(1))) func doesNotWaitForAPipe() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/pipe"
        defer { unlink(path) }
        #expect(mkfifo(path, 0o600) == 0)
        let failure = #expect(throws: TextFile.Failure.self) { try TextFile.read(path, limit: 4) }
        #expect(failure?.problem == "is a pipe or a device")
    }

    @Test func dropsAByteOrderMark() throws {
        #expect(try TextFile.checked([0xEF, 0xBB, 0xBF, 0x61]) == [0x61])
    }

    @Test func namesThePlaceOfWhatIsNotUTF8() {
        let failure = #expect(throws: TextFile.Failure.self) {
            try TextFile.checked(Array("a\nä".utf8) + [0xFF, 0x61])
        }
        #expect(failure?.location == Location(line: 2, column: 2))
        #expect(throws: TextFile.Failure.self) { try TextFile.checked([0x61, 0xC3]) }
    }

    @Test func paths() {
        #expect(TextFile.folder(of: "sidecar.yaml") == ".")
        #expect(TextFile.folder(of: "/sidecar.yaml") == "/")
        #expect(TextFile.folder(of: "a/b/sidecar.yaml") == "a/b")
        #expect(TextFile.path("x", in: "a/b") == "a/b/x")
        #expect(TextFile.path("/x", in: "a/b") == "/x")
    }
}
