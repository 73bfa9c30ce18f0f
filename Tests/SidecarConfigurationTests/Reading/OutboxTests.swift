import Testing

@testable import SidecarConfiguration

@Suite struct OutboxTests {
    @Test func allKeys() throws {
        let text =
            "outbox: { event_id: id, batch: 10, acknowledge_timeout: 1s, attempts: 1 }\ndead_letter: { keep: 7d }"
        let configuration = try load(text)
        #expect(
            configuration.outbox
                == OutboxSettings(eventID: "id", batch: 10, acknowledgeTimeout: .seconds(1), attempts: 1))
        #expect(configuration.deadLetterKeep == .seconds(7 * 86_400))
    }

    @Test func defaults() throws {
        let configuration = try load("outbox:\ndead_letter:")
        #expect(
            configuration.outbox
                == OutboxSettings(eventID: nil, batch: 1000, acknowledgeTimeout: .seconds(10), attempts: 5))
        #expect(configuration.deadLetterKeep == .seconds(30 * 86_400))
    }

    @Test func outOfBounds() {
        #expect(
            faults(below: "outbox: { batch: 0, attempts: 1001 }\ndead_letter: { keep: 59s }") == [
                "sidecar.yaml:1:18: 'batch' in outbox is '0', which is out of bounds; write a number from 1 to 10000",
                "sidecar.yaml:1:31: 'attempts' in outbox is '1001', which is out of bounds; "
                    + "write a number from 1 to 1000",
                "sidecar.yaml:2:22: 'keep' in dead_letter is '59s', which is out of bounds; "
                    + "write a duration from 1m to 36500d",
            ])
    }
}
