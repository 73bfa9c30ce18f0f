internal import Glibc
internal import NIOConcurrencyHelpers
internal import NIOPosix

/// Writes the log's lines to standard error, from its own thread: a log that nobody reads must not stop the event loop.
///
/// Lines are accepted on any thread. Lines without room are counted, and the log reports that as soon as it is read
/// again. When standard error is closed, the lines are lost and the process continues.
///
/// `@unchecked Sendable`: the buffer is accessed only under the lock.
final class LogWriter: @unchecked Sendable {
    /// The most octets of waiting lines.
    private static let limit = 1 << 20

    private enum State {
        /// Nothing is left to write.
        case idle
        /// Lines wait.
        case filled
        /// The thread writes the lines that it took.
        case writing
    }

    private let descriptor: Int32
    private let lock = ConditionLock(value: State.idle)
    private var buffer = LogBuffer(limit: LogWriter.limit)
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let dropped: @Sendable (Int) -> String

    /// Starts the thread. It lives as long as the process.
    ///
    /// - Parameters:
    ///   - descriptor: the descriptor to write to.
    ///   - dropped: makes the line with the number of dropped ones.
    init(descriptor: Int32 = STDERR_FILENO, dropped: @escaping @Sendable (Int) -> String) {
        self.descriptor = descriptor
        self.dropped = dropped
        self.thread.start()
        self.thread.submit { _ in
            while true { self.writeNext() }
        }
    }

    /// Takes a line, which ends in a line feed. Never waits for the log's reader.
    func append(_ line: String) {
        self.lock.lock()
        self.buffer.append(line)
        self.lock.unlock(withValue: .filled)
    }

    /// Waits until everything is written, but not longer than so many seconds.
    func finish(seconds: Double) {
        if self.lock.lock(whenValue: .idle, timeoutSeconds: seconds) { self.lock.unlock() }
    }

    private func writeNext() {
        self.lock.lock(whenValue: .filled)
        let next = self.buffer.next()
        self.lock.unlock(withValue: .writing)
        switch next {
        case .line(let line): self.write(line)
        case .dropped(let count): self.write(self.dropped(count))
        case nil: break
        }
        self.lock.lock()
        self.lock.unlock(withValue: self.buffer.isEmpty ? .idle : .filled)
    }

    /// A line in one call, so that lines of several processes are not mixed.
    private func write(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(self.descriptor, rest.baseAddress, rest.count)
                if written < 0 {
                    switch errno {
                    case EINTR: continue
                    case EAGAIN:
                        // Another process that has the same pipe made it non-blocking.
                        var poll = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                        _ = Glibc.poll(&poll, 1, -1)
                        continue
                    default: return
                    }
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
