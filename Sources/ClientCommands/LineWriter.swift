import Glibc
import NIOCore
import NIOPosix

/// Writes lines to a descriptor that may be slow (a pager) or vanish (`head`), without blocking the event loop. On the
/// event loop.
final class LineWriter {
    /// Why nothing more can be written.
    enum Fault: Error, Equatable {
        /// The reader has gone: no reason to complain.
        case readerGone
        /// The reader exists, but does not read any more.
        case tooSlow
        /// The system's error text.
        case failed(String)
    }

    /// How much output may wait, in octets.
    private static let bound = 64 << 20
    /// The interval of the checks whether the reader has gone while nothing is written.
    private static let interval = TimeAmount.seconds(1)

    private let descriptor: Int32
    private let eventLoop: any EventLoop
    private var waiting = ByteBuffer()
    private var isWriting = false
    private var timer: Scheduled<Void>?
    private var completions: [() -> Void] = []
    private(set) var fault: Fault?
    /// Called once.
    var onFault: (Fault) -> Void = { _ in }

    /// - Parameter descriptor: stays open.
    init(descriptor: Int32, eventLoop: any EventLoop) {
        self.descriptor = descriptor
        self.eventLoop = eventLoop
    }

    /// Adds a line, with its line break.
    func write(_ line: ByteBuffer) {
        guard self.fault == nil else { return }
        guard self.waiting.readableBytes + line.readableBytes <= Self.bound else { return self.fail(.tooSlow) }
        self.waiting.writeImmutableBuffer(line)
        self.flush()
    }

    /// Reports soon when the reader goes, also while there is nothing to write.
    func watch() {
        guard self.fault == nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            var state = pollfd(fd: self.descriptor, events: 0, revents: 0)
            if poll(&state, 1, 0) > 0, state.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 {
                return self.fail(.readerGone)
            }
            self.watch()
        }
    }

    /// - Parameter completion: called when everything is written, or can't be.
    func finish(completion: @escaping () -> Void) {
        self.timer?.cancel()
        guard self.isWriting, self.fault == nil else { return completion() }
        self.completions.append(completion)
    }

    private func flush() {
        guard !self.isWriting, self.fault == nil, self.waiting.readableBytes > 0 else { return }
        self.isWriting = true
        let lines = self.waiting
        self.waiting = ByteBuffer()
        let descriptor = self.descriptor
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) {
            Self.writeAll(lines, to: descriptor)
        }.assumeIsolated().whenComplete { result in
            self.isWriting = false
            switch result {
            case .success(nil): self.flush()
            case .success(let fault?): self.fail(fault)
            case .failure(let error): self.fail(.failed("\(error)"))
            }
            guard !self.isWriting || self.fault != nil else { return }
            let completions = self.completions
            self.completions = []
            for completion in completions { completion() }
        }
    }

    private func fail(_ fault: Fault) {
        guard self.fault == nil else { return }
        self.fault = fault
        self.timer?.cancel()
        self.waiting = ByteBuffer()
        self.onFault(fault)
    }

    /// On a thread of the pool: it may take as long as the reader does.
    private static func writeAll(_ lines: ByteBuffer, to descriptor: Int32) -> Fault? {
        var lines = lines
        while lines.readableBytes > 0 {
            let count = lines.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                lines.moveReaderIndex(forwardBy: count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: return .readerGone
            case EAGAIN:
                // Another process that shares the descriptor set that mode.
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, -1)
            case let code: return .failed(String(cString: strerror(code)))
            }
        }
        return nil
    }
}
