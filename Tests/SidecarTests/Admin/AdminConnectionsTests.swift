import TestChecks
import Testing

@testable import Sidecar

@Suite("Connections to the admin port")
struct AdminConnectionsTests {
    @Test("whoever comes gets in, and whoever has been silent for longest leaves")
    func limit() {
        var connections = AdminConnections()
        for number in 1...AdminConnections.limit { check(connections.arrived(number), nil) }
        check(connections.quietest, 1)
        connections.answered(1)
        check(connections.arrived(100), 2)
        check(connections.count, AdminConnections.limit)
        connections.left(2)
        check(connections.count, AdminConnections.limit)
        connections.left(3)
        check(connections.arrived(101), nil)
        check(connections.arrived(102), 4)
    }

    @Test("what is gone does not come back by its last answer")
    func late() {
        var connections = AdminConnections()
        _ = connections.arrived(1)
        connections.left(1)
        connections.answered(1)
        check(connections.count, 0)
        check(connections.quietest, nil)
    }
}
