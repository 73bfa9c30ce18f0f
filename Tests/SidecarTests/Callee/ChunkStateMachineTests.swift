import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("Rows of a set gathered into chunks")
struct ChunkStateMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func machine(
        octets: Int = 1 << 20, rows: Int? = nil, greatestMessage: Int = 1 << 24
    ) -> ChunkStateMachine {
        ChunkStateMachine(mostOctets: octets, mostRows: rows, greatestMessage: greatestMessage)
    }

    private static func take(
        _ row: String?, at now: NIODeadline = start, in machine: inout ChunkStateMachine
    ) throws -> String? {
        guard var row else { return try machine.take(nil, at: { now }).map { String(buffer: $0) } }
        let chunk = try row.withUTF8 { try machine.take(UnsafeRawBufferPointer($0), at: { now }) }
        return chunk.map { String(buffer: $0) }
    }

    private static func text(_ buffer: ByteBuffer?) -> String? { buffer.map { String(buffer: $0) } }

    @Test("rows are the elements of one array, which is the only argument; NULL is null")
    func form() throws {
        var machine = Self.machine()
        check(try Self.take("{\"n\":1}", in: &machine), nil)
        check(try Self.take(nil, in: &machine), nil)
        check(try Self.take("3", in: &machine), nil)
        check(Self.text(machine.finish()), "[[{\"n\":1},null,3]]")
        check(Self.text(machine.finish()), nil)
    }

    @Test("no rows, no chunk")
    func empty() {
        var machine = Self.machine()
        check(machine.due, nil)
        check(Self.text(machine.takeDue(at: .distantFuture)), nil)
        check(Self.text(machine.finish()), nil)
    }

    @Test("a thousand rows are a chunk, at once")
    func rows() throws {
        var machine = Self.machine()
        for n in 1..<ChunkStateMachine.mostRows { check(try Self.take("\(n)", in: &machine), nil) }
        let chunk = try Self.take("1000", in: &machine)
        check(chunk, "[[" + (1...1000).map(String.init).joined(separator: ",") + "]]")
        check(machine.due, nil)
        check(Self.text(machine.finish()), nil)
    }

    @Test("a row that does not fit begins the next chunk; no chunk of many rows is over 64 KiB, and nothing is lost")
    func octets() throws {
        var machine = Self.machine()
        let row = "\"" + String(repeating: "x", count: 998) + "\""
        var chunks: [String] = []
        for _ in 0..<200 { if let chunk = try Self.take(row, in: &machine) { chunks.append(chunk) } }
        if let rest = Self.text(machine.finish()) { chunks.append(rest) }
        check(chunks.count, 4)
        for chunk in chunks { #expect(chunk.utf8.count <= ChunkStateMachine.usualOctets) }
        #expect(chunks[0].utf8.count + row.utf8.count + 1 > ChunkStateMachine.usualOctets)
        let rows = chunks.flatMap { $0.dropFirst(2).dropLast(2).split(separator: ",") }
        check(rows.count, 200)
        #expect(rows.allSatisfy { $0 == row })
    }

    @Test("a row larger than a chunk goes alone, after the earlier rows")
    func largeRow() throws {
        var machine = Self.machine()
        let large = "\"" + String(repeating: "x", count: 100_000) + "\""
        check(try Self.take("1", in: &machine), nil)
        check(try Self.take(large, in: &machine), "[[1]]")
        check(try Self.take("2", in: &machine), "[[\(large)]]")
        check(Self.text(machine.finish()), "[[2]]")
    }

    @Test("a chunk is due 100 ms after its first row")
    func patience() throws {
        var machine = Self.machine()
        let due = Self.start + ChunkStateMachine.patience
        check(try Self.take("1", in: &machine), nil)
        check(machine.due, due)
        check(try Self.take("2", at: Self.start + .milliseconds(90), in: &machine), nil)
        check(machine.due, due)
        check(Self.text(machine.takeDue(at: due - .nanoseconds(1))), nil)
        check(Self.text(machine.takeDue(at: due)), "[[1,2]]")
        check(machine.due, nil)
        check(try Self.take("3", at: due, in: &machine), nil)
        check(machine.due, due + ChunkStateMachine.patience)
    }

    @Test("the chunk that a row begins has its own 100 ms")
    func patienceOfTheNext() throws {
        var machine = Self.machine(octets: 64)
        check(try Self.take(String(repeating: "1", count: 40), in: &machine), nil)
        let later = Self.start + .milliseconds(50)
        #expect(try Self.take(String(repeating: "2", count: 40), at: later, in: &machine) != nil)
        check(machine.due, later + ChunkStateMachine.patience)
    }

    @Test("one row may be as large as a message, and no larger")
    func tooLarge() throws {
        var machine = Self.machine(octets: 100)
        check(try Self.take(String(repeating: "1", count: 96), in: &machine), nil)
        #expect(throws: ChunkStateMachine.Fault.tooLarge(limit: 100)) {
            try Self.take(String(repeating: "1", count: 97), in: &machine)
        }
        var tiny = Self.machine(octets: 1)
        #expect(throws: ChunkStateMachine.Fault.tooLarge(limit: 1)) { try Self.take("1", in: &tiny) }
    }

    @Test("max_rows bounds the set, not a chunk")
    func tooManyRows() throws {
        var machine = Self.machine(rows: 1500)
        var sent = 0
        for _ in 0..<1500 { if try Self.take("1", in: &machine) != nil { sent += 1 } }
        check(sent, 1)
        #expect(throws: ChunkStateMachine.Fault.tooManyRows(limit: 1500)) { try Self.take("1", in: &machine) }
    }

    @Test("chunks keep well below a narrow router's limit, however narrow")
    func narrow() throws {
        for greatest in [0, 1, 512, 4096] {
            var machine = Self.machine(greatestMessage: greatest)
            for _ in 0..<300 {
                if let chunk = try Self.take("1234567", in: &machine), chunk.utf8.count > 11 {
                    #expect(chunk.utf8.count <= greatest / 4)
                }
            }
        }
    }

    @Test("run again, it starts again")
    func reset() throws {
        var machine = Self.machine(rows: 2)
        check(try Self.take("1", in: &machine), nil)
        machine.reset()
        check(machine.due, nil)
        check(try Self.take("2", in: &machine), nil)
        check(try Self.take("3", in: &machine), nil)
        check(Self.text(machine.finish()), "[[2,3]]")
    }
}
