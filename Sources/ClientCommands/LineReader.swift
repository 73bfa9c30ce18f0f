import Glibc
import NIOCore
import NIOPosix

/// Reads the lines of a descriptor, as many at a time as there are, without blocking the event loop. On the event loop.
final class LineReader {
    /// Why there are no more lines.
    enum Fault: Error, Equatable {
        /// A line is longer than any message.
        case tooLong
        /// The system's error text.
        case failed(String)
    }

    /// The longest line, in octets.
    private static let longest = 1 << 24
    private static let chunk = 64 << 10

    private let descriptor: Int32
    private let eventLoop: any EventLoop
    /// The beginning of a line whose end has not been read.
    private var rest = ByteBuffer()
    /// How much of it has been searched for the line's end, in octets.
    private var searched = 0

    init(descriptor: Int32, eventLoop: any EventLoop) {
        self.descriptor = descriptor
        self.eventLoop = eventLoop
    }

    /// The next lines, without their line breaks.
    ///
    /// - Parameter completion: called once, later. No lines: that was all.
    func read(completion: @escaping (Result<[ByteBuffer], Fault>) -> Void) {
        let descriptor = self.descriptor
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) {
            Self.read(descriptor)
        }.assumeIsolated().whenComplete { result in
            switch result {
            case .success(.success(let bytes)): self.take(bytes, completion: completion)
            case .success(.failure(let fault)): completion(.failure(fault))
            case .failure(let error): completion(.failure(.failed("\(error)")))
            }
        }
    }

    private func take(_ bytes: ByteBuffer, completion: @escaping (Result<[ByteBuffer], Fault>) -> Void) {
        guard bytes.readableBytes > 0 else {
            let last = self.rest
            self.rest = ByteBuffer()
            return completion(.success(last.readableBytes > 0 ? [last] : []))
        }
        self.rest.writeImmutableBuffer(bytes)
        var lines: [ByteBuffer] = []
        while let end = self.rest.readableBytesView.dropFirst(self.searched).firstIndex(of: UInt8(ascii: "\n")) {
            if let line = self.rest.readSlice(length: end - self.rest.readerIndex) { lines.append(line) }
            self.rest.moveReaderIndex(forwardBy: 1)
            self.searched = 0
        }
        self.searched = self.rest.readableBytes
        self.rest.discardReadBytes()
        guard self.rest.readableBytes <= Self.longest else { return completion(.failure(.tooLong)) }
        if lines.isEmpty { self.read(completion: completion) } else { completion(.success(lines)) }
    }

    /// On a thread of the pool: it may never return.
    private static func read(_ descriptor: Int32) -> Result<ByteBuffer, Fault> {
        var bytes = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count >= 0 { return .success(ByteBuffer(bytes: bytes.prefix(count))) }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Another process that shares the descriptor set that mode.
                var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&state, 1, -1)
            case let code: return .failure(.failed(String(cString: strerror(code))))
            }
        }
    }
}
