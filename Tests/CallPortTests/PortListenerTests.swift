import NIOCore
import NIOPosix
import Names
import TestFolders
import Testing

@testable import CallPort

@Suite("Where the port listens", .serialized)
struct PortListenerTests {
    private func reason(_ event: CallPortEvent) -> String? {
        guard case .port(.notListening(_, let reason, _)) = event else { return nil }
        return reason
    }

    @Test("a socket's file: for everybody, and gone when the port stops")
    func file() async throws {
        let folder = TemporaryFolder()
        let port = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        #expect(try await port.event(0) == .port(.listening(address: "\(folder.path):7432")))
        #expect(Shell.run("stat -c '%F %a' \(folder.path)/.s.PGSQL.7432").output == "socket 777\n")
        try await port.stop()
        #expect(Shell.run("test -e \(folder.path)/.s.PGSQL.7432").status == 1)
    }

    @Test("what a dead process has left is replaced")
    func stale() async throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/.s.PGSQL.7432"
        let dead = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(unixDomainSocketPath: path).get()
        // The socket's file outlives it, as it does when its process is killed.
        Shell.run("ln \(path) \(path).kept")
        try await dead.close()
        #expect(Shell.run("mv \(path).kept \(path) && test -S \(path)").status == 0)
        let port = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        #expect(try await port.event(0) == .port(.listening(address: "\(folder.path):7432")))
        try await port.stop()
    }

    @Test("a living process keeps its socket; the port takes it over when that is gone")
    func alive() async throws {
        let folder = TemporaryFolder()
        let first = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        _ = try await first.event(0)
        let second = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        #expect(self.reason(try await second.event(0)) == "another process listens there")
        try await first.stop()
        #expect(try await second.event(1) == .port(.listening(address: "\(folder.path):7432")))
        try await second.stop()
    }

    @Test("a file that is no socket stays")
    func noSocket() async throws {
        let folder = TemporaryFolder()
        Shell.run("echo precious > \(folder.path)/.s.PGSQL.7432")
        let port = try await ListeningPort(.unix(folder: folder.path, port: 7432))
        #expect(self.reason(try await port.event(0))?.hasSuffix("is there and is no socket") == true)
        try await port.stop()
        #expect(Shell.run("cat \(folder.path)/.s.PGSQL.7432").output == "precious\n")
    }

    @Test(
        "a folder in which others may put a socket is none to listen in, nor one that others may exchange",
        arguments: ["1777", "0777", "0757", "2775 nogroup"])
    func open(mode: String) async throws {
        let folder = TemporaryFolder()
        let words = mode.split(separator: " ")
        Shell.run("mkdir -p \(folder.path)/a/b")
        if words.count > 1 { Shell.run("chgrp \(words[1]) \(folder.path)/a") }
        Shell.run("chmod \(words[0]) \(folder.path)/a")
        let port = try await ListeningPort(.unix(folder: "\(folder.path)/a", port: 7432))
        #expect(self.reason(try await port.event(0))?.hasPrefix("others may write in \(folder.path)/a") == true)
        #expect(Shell.run("ls -A \(folder.path)/a").output == "b\n")
        // Closed, it is listened in.
        Shell.run("chmod 0755 \(folder.path)/a")
        #expect(try await port.event(1) == .port(.listening(address: "\(folder.path)/a:7432")))
        try await port.stop()
    }

    @Test("whose a folder is, and the ones above it")
    func owners() {
        let folder = TemporaryFolder()
        Shell.run("mkdir -p \(folder.path)/a/b && ln -s \(folder.path)/a/b \(folder.path)/link")
        let own = SocketFolder(path: "\(folder.path)/a/b")
        #expect(own.fault == nil, "also below /tmp, where nobody else may rename it")
        #expect(SocketFolder(path: "\(folder.path)/none").fault == nil, "opening it reports that it is missing")
        Shell.run("chmod 0777 \(folder.path)/a")
        #expect(own.fault?.contains("exchange the folder in it") == true)
        #expect(SocketFolder(path: "\(folder.path)/link").fault?.contains("exchange the folder in it") == true)
        Shell.run("chmod 1777 \(folder.path)/a")
        #expect(own.fault == nil)
        Shell.run("chown nobody \(folder.path)/a/b")
        #expect(own.fault?.contains("belongs to another user") == true)
        #expect(SocketFolder(path: "\(folder.path)/a/b", user: 65534, group: 65534).fault == nil)
    }

    @Test("other obstacles are reported in words")
    func obstacles() async throws {
        let folder = TemporaryFolder()
        let missing = try await ListeningPort(.unix(folder: "\(folder.path)/none", port: 7432))
        #expect(self.reason(try await missing.event(0)) == "there is no such folder")
        try await missing.stop()
        let long = try await ListeningPort(.unix(folder: String(repeating: "/x", count: 60), port: 7432))
        #expect(self.reason(try await long.event(0))?.contains("the most is 107") == true)
        try await long.stop()
        let first = try await ListeningPort(.tcp(host: "127.0.0.1", port: 0))
        _ = try await first.event(0)
        let second = try await ListeningPort(.tcp(host: "127.0.0.1", port: first.number))
        #expect(self.reason(try await second.event(0)) == "another process listens there")
        try await first.stop()
        try await second.stop()
    }

    @Test("a name is resolved, and a chosen port reported")
    func name() async throws {
        let port = try await ListeningPort(.tcp(host: "localhost", port: 0))
        let event = try await port.event(0)
        #expect(event == .port(.listening(address: "localhost:\(try await port.number)")))
        try await port.stop()
    }
}
