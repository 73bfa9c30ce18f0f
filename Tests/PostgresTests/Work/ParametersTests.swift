import NIOCore
import Postgres
import Testing

@Suite struct ParametersTests {
    private struct Refusal: Error {}

    @Test func valuesComeOutAsTheyWentIn() {
        var parameters = Parameters()
        parameters.append("text")
        parameters.appendNull()
        parameters.append("" as StaticString)
        parameters.append(ByteBuffer(string: "{\"a\":1}"))
        #expect(parameters.count == 4)
        #expect(parameters.texts == ["text", nil, "", "{\"a\":1}"])
    }

    @Test func aSliceIsAppendedAndNothingAroundIt() {
        var message = ByteBuffer(string: "[1,\"two\",3]")
        message.moveReaderIndex(forwardBy: 4)
        message.moveWriterIndex(to: 7)
        var parameters = Parameters()
        parameters.append(message)
        #expect(parameters.texts == ["two"])
    }

    @Test func libpqGetsTerminatedValuesAndLengths() {
        var parameters = Parameters(bytes: 3, count: 3)
        parameters.append("ab")
        parameters.appendNull()
        parameters.append("c")
        let seen = parameters.withValues { values, lengths in
            zip(values, lengths).map { value, length in (value.map { String(cString: $0) }, length) }
        }
        #expect(seen.map(\.0) == ["ab", nil, "c"])
        #expect(seen.map(\.1) == [2, 0, 1])
    }

    @Test func noValuesAreNoPointers() {
        #expect(Parameters().withValues { values, lengths in values.count + lengths.count } == 0)
    }

    @Test func whatThrowsAppendsNothing() {
        var parameters = Parameters()
        parameters.append("first")
        #expect(throws: Refusal.self) {
            try parameters.append { buffer throws(Refusal) in
                buffer.writeString("half of it")
                throw Refusal()
            }
        }
        parameters.append("second")
        #expect(parameters.texts == ["first", "second"])
    }

    @Test func statementsAreThemselvesOnly() {
        let first = Statement("select 1")
        let second = Statement("select 1")
        #expect(first != second)
        #expect(first.name != second.name)
        #expect(first == first)
    }
}
