import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import ClientCommands

/// Reading and writing lines of real pipes.
@Suite struct LinesTests {
    private static let eventLoop = MultiThreadedEventLoopGroup.singleton.next()

    private func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// All lines that one end receives, read as they come.
    private func lines(_ chunks: [String]) async throws -> [String] {
        let ends = try self.makePipe()
        defer { close(ends.read) }
        let reader = try await Self.eventLoop.submit {
            NIOLoopBound(LineReader(descriptor: ends.read, eventLoop: Self.eventLoop), eventLoop: Self.eventLoop)
        }.get()
        for chunk in chunks { _ = chunk.withCString { write(ends.write, $0, strlen($0)) } }
        close(ends.write)
        var all: [String] = []
        while true {
            let promise = Self.eventLoop.makePromise(of: [String].self)
            Self.eventLoop.execute {
                reader.value.read { result in
                    promise.assumeIsolated().completeWith(result.map { $0.map { String(buffer: $0) } }.mapError { $0 })
                }
            }
            let some = try await promise.futureResult.get()
            if some.isEmpty { return all }
            all += some
        }
    }

    @Test func lines() async throws {
        #expect(try await self.lines([]) == [])
        #expect(try await self.lines(["a\n", "\nb", "c\n", "d"]) == ["a", "", "bc", "d"])
        let long = String(repeating: "x", count: 50_000)
        #expect(try await self.lines([long + "\n" + "y\n"]) == [long, "y"])
    }

    @Test func writes() async throws {
        let ends = try self.makePipe()
        defer { close(ends.read) }
        let promise = Self.eventLoop.makePromise(of: Void.self)
        Self.eventLoop.execute {
            let writer = LineWriter(descriptor: ends.write, eventLoop: Self.eventLoop)
            for number in 0..<1000 { writer.write(ByteBuffer(string: "\(number)\n")) }
            writer.finish {
                close(ends.write)
                promise.succeed()
            }
        }
        try await promise.futureResult.get()
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(ends.read, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        #expect(text == (0..<1000).map { "\($0)\n" }.joined())
    }

    /// A reader that goes is noticed, also while there is nothing to write.
    @Test(arguments: [true, false]) func readerGone(_ isWriting: Bool) async throws {
        signal(SIGPIPE, SIG_IGN)
        let ends = try self.makePipe()
        defer { close(ends.write) }
        close(ends.read)
        let promise = Self.eventLoop.makePromise(of: LineWriter.Fault.self)
        let writer = try await Self.eventLoop.submit {
            let writer = LineWriter(descriptor: ends.write, eventLoop: Self.eventLoop)
            writer.onFault = { promise.succeed($0) }
            if isWriting { writer.write(ByteBuffer(string: "x\n")) } else { writer.watch() }
            return NIOLoopBound(writer, eventLoop: Self.eventLoop)
        }.get()
        #expect(try await promise.futureResult.get() == .readerGone)
        _ = writer
    }
}
