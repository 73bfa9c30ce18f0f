import Functions
import NIOCore

/// Gathers the rows of a set into chunks, each the payload of one progressive result: `[[row, row, ..]]`.
///
/// A chunk is complete with 1,000 rows or 64 KiB of text. An incomplete one is due after 100 ms, so that a slow set is
/// not delayed. A row that does not fit into the chunk begins the next one, whatever its own size, as long as a message
/// may be so large.
struct ChunkStateMachine {
    /// The most rows of a chunk.
    static let mostRows = 1000
    /// The usual size of a chunk, in octets.
    static let usualOctets = 64 << 10
    /// How long a row waits for others.
    static let patience = TimeAmount.milliseconds(100)

    /// Why the set can't be delivered.
    enum Fault: Error, Equatable {
        /// A row of more octets than a message may have.
        case tooLarge(limit: Int)
        /// More rows than the set may have.
        case tooManyRows(limit: Int)
    }

    private let fullAt: Int
    private let mostOctets: Int
    private let mostRows: Int
    private var chunk = ByteBuffer()
    private var rowsInChunk = 0
    private var rowCount = 0
    /// When the present rows have waited for long enough; nil if there are none.
    private(set) var due: NIODeadline?

    /// - Parameters:
    ///   - mostOctets: the mapping's `max_result_bytes`, the limit of each message.
    ///   - mostRows: the mapping's `max_rows`, the limit of the whole set.
    ///   - greatestMessage: the router's limit, in octets. The text may grow on its way through another serializer, so
    ///     a chunk of many rows keeps well below it.
    init(mostOctets: Int, mostRows: Int?, greatestMessage: Int) {
        self.fullAt = max(min(Self.usualOctets, mostOctets, greatestMessage / 4), 1)
        self.mostOctets = mostOctets
        self.mostRows = mostRows ?? .max
    }

    /// Starts again: the set runs once more, and nothing of it has been sent.
    mutating func reset() {
        self.chunk.clear()
        self.rowsInChunk = 0
        self.rowCount = 0
        self.due = nil
    }

    /// Takes one row.
    ///
    /// - Parameters:
    ///   - row: its JSON text; nil for NULL.
    ///   - now: called when a chunk begins.
    /// - Returns: a chunk to send now.
    mutating func take(_ row: UnsafeRawBufferPointer?, at now: () -> NIODeadline) throws(Fault) -> ByteBuffer? {
        let size = row?.count ?? 4
        guard self.rowCount < self.mostRows else { throw .tooManyRows(limit: self.mostRows) }
        guard size <= self.mostOctets - 4, unsafe !ResultBound.isExceeded(row) else {
            throw .tooLarge(limit: self.mostOctets)
        }
        self.rowCount += 1
        var complete: ByteBuffer?
        if self.rowsInChunk > 0, self.chunk.readableBytes + size + 3 > self.fullAt { complete = self.end() }
        if self.rowsInChunk == 0 {
            self.due = now() + Self.patience
            // Few sets have more than a few rows.
            if self.rowCount > 1 { self.chunk.reserveCapacity(max(self.fullAt, size + 4)) }
            self.chunk.writeStaticString("[[")
        } else {
            self.chunk.writeInteger(UInt8(ascii: ","))
        }
        if let row { self.chunk.writeBytes(row) } else { self.chunk.writeStaticString("null") }
        self.rowsInChunk += 1
        // Never both: a chunk that has just begun is not full of rows.
        if self.rowsInChunk == Self.mostRows { complete = self.end() }
        return complete
    }

    /// Time has passed.
    ///
    /// - Returns: the chunk that is due; nil if none is.
    mutating func takeDue(at now: NIODeadline) -> ByteBuffer? {
        guard let due = self.due, due <= now else { return nil }
        return self.end()
    }

    /// No more rows come.
    ///
    /// - Returns: the last chunk; nil if it is empty.
    mutating func finish() -> ByteBuffer? {
        self.rowsInChunk > 0 ? self.end() : nil
    }

    private mutating func end() -> ByteBuffer {
        var complete = ByteBuffer()
        swap(&complete, &self.chunk)
        complete.writeStaticString("]]")
        self.rowsInChunk = 0
        self.due = nil
        return complete
    }
}
