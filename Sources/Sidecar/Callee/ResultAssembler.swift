import Functions
import NIOCore
import Postgres
import WAMP

/// Makes the payload of a YIELD from the rows of a result, as they come.
///
/// Every statement of a ``ProcedurePlan`` returns JSON text, so the bytes are copied as they are.
struct ResultAssembler {
    /// Why the result can't be delivered.
    enum Fault: Error, Equatable {
        /// More octets than `max_result_bytes`.
        case tooLarge(limit: Int)
        /// More rows than `max_rows`.
        case tooManyRows(limit: Int)
    }

    private let plan: ProcedurePlan
    private let mostOctets: Int
    private let mostRows: Int
    private var arguments = ByteBuffer()
    private var columns: [ByteBuffer?] = []
    private var rowCount = 0
    private(set) var fault: Fault?

    init(plan: ProcedurePlan, mostOctets: Int, mostRows: Int?) {
        self.plan = plan
        self.mostOctets = mostOctets
        self.mostRows = mostRows ?? .max
    }

    /// Starts again: the call runs once more.
    mutating func reset() {
        self.arguments.clear()
        self.columns.removeAll()
        self.rowCount = 0
        self.fault = nil
    }

    /// Takes one row.
    ///
    /// - Returns: false if the result has become undeliverable; its further rows are useless.
    mutating func take(_ row: borrowing ResultRow) -> Bool {
        guard self.fault == nil else { return false }
        self.rowCount += 1
        if self.plan.isBounded, row.withText(0, { unsafe ResultBound.isExceeded($0) }) {
            self.fail(.tooLarge(limit: self.mostOctets))
            return false
        }
        switch self.plan.result {
        case .nothing:
            break
        case .value, .row:
            self.takeValue(row)
        case .rows:
            guard self.rowCount <= self.mostRows else {
                self.fail(.tooManyRows(limit: self.mostRows))
                return false
            }
            self.takeElement(row)
        case .arguments, .keywordArguments, .result, .output:
            self.takeColumns(row)
        }
        return self.fault == nil
    }

    /// The payload, when the last row has come and the transaction is committed.
    ///
    /// - Throws: a fault if the result does not have the shape of the mapping, or routers can't read it.
    mutating func finish() throws(ResultFault) -> Payload {
        var payload = try self.collected()
        self.arguments = ByteBuffer()
        self.columns.removeAll()
        do throws(JSONError) {
            try payload.prepareForRouter()
        } catch {
            throw ResultFault("the function has run, but its result can't be sent: \(error)")
        }
        return payload
    }

    private mutating func collected() throws(ResultFault) -> Payload {
        switch self.plan.result {
        case .nothing:
            return .empty
        case .value, .row:
            if self.rowCount == 0 { self.arguments.writeStaticString("[null]") }
            return Payload(arguments: self.arguments)
        case .rows:
            self.arguments.writeStaticString(self.rowCount == 0 ? "[[]]" : "]]")
            return Payload(arguments: self.arguments)
        case .arguments, .keywordArguments, .result, .output:
            return try self.plan.payload(self.columns)
        }
    }

    private mutating func takeValue(_ row: borrowing ResultRow) {
        // The server refuses a function that has become a set since its plan was made; a second row can't come.
        guard self.rowCount == 1 else { return }
        row.withText(0) { bytes in
            guard let bytes else {
                self.arguments.writeStaticString("[null]")
                return
            }
            guard self.hasRoom(bytes.count) else { return }
            self.arguments.reserveCapacity(bytes.count + 2)
            self.arguments.writeInteger(UInt8(ascii: "["))
            self.arguments.writeBytes(bytes)
            self.arguments.writeInteger(UInt8(ascii: "]"))
        }
    }

    private mutating func takeElement(_ row: borrowing ResultRow) {
        row.withText(0) { bytes in
            guard self.hasRoom(bytes?.count ?? 4) else { return }
            self.arguments.writeStaticString(self.rowCount == 1 ? "[[" : ",")
            if let bytes {
                self.arguments.writeBytes(bytes)
            } else {
                self.arguments.writeStaticString("null")
            }
        }
    }

    private mutating func takeColumns(_ row: borrowing ResultRow) {
        guard self.rowCount == 1 else { return }
        for column in 0..<row.columnCount {
            row.withText(column) { bytes in
                guard self.hasRoom(bytes?.count ?? 0) else { return }
                self.columns.append(bytes.map { ByteBuffer(bytes: $0) })
            }
        }
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        guard self.arguments.readableBytes + count + 4 <= self.mostOctets else {
            self.fail(.tooLarge(limit: self.mostOctets))
            return false
        }
        return true
    }

    private mutating func fail(_ fault: Fault) {
        self.fault = fault
        self.arguments = ByteBuffer()
        self.columns.removeAll()
    }
}
