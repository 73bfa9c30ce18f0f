import Names
import SidecarConfiguration
import Testing

@Suite struct MappingRowTests {
    static func row(_ options: String?, function: String = "shop.f(integer)") -> MappingRow {
        MappingRow(place: "registration 7", key: "com.example.a", function: function, options: options)
    }

    static func fault(_ body: () throws(MappingRowFault) -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func procedure() throws {
        let plain = try Self.row(nil).procedure()
        #expect(plain.uri.text == "com.example.a")
        #expect(try plain.target.value == .function(FunctionReference("shop.f(integer)")))
        #expect(plain.timeout == .seconds(30) && plain.role == .session)
        let full = try Self.row(
            #"{"role": "a \"b\"", "match": "prefix", "timeout": "2s", "concurrency": 3, "force_reregister": true}"#
        ).procedure()
        #expect(full.role == .fixed(#"a "b""#) && full.match == .prefix && full.timeout == .seconds(2))
        #expect(full.concurrency == 3 && full.forceReregister)
    }

    @Test func subscription() throws {
        let mapping = try Self.row(#"{"retained": true, "retries": 0}"#).subscription()
        #expect(mapping.topic.text == "com.example.a" && mapping.function.value.text == "shop.f(integer)")
        #expect(mapping.retained && mapping.retries == 0)
    }

    @Test func faults() {
        let said = { (options: String) in
            Self.fault { () throws(MappingRowFault) in _ = try Self.row(options).procedure() }
        }
        #expect(
            said(#"{"timeout": 5, "colour": "red"}"#)
                == "registration 7: 'timeout' in procedure 'com.example.a' is '5', which is not a duration; "
                + "write a whole number and a unit (ms, s, m, h or d), e.g. timeout: 30s; "
                + "unknown key 'colour' in procedure 'com.example.a'; the keys here are function, sql, match, invoke, "
                + "concurrency, announce_concurrency, force_reregister, disclose_caller, timeout, role, roles, "
                + "convention, results, "
                + "max_rows, max_result_bytes, bigint, errors, retries")
        #expect(said(#"{"sql": "drop table a"}"#) == "registration 7: 'sql' can't be one of its options")
        #expect(said(#"{"function": "g"}"#) == "registration 7: 'function' can't be one of its options")
        #expect(said("[1]") == "registration 7: its options are not an object")
        #expect(said("{") == "registration 7: its options are not an object")
        let faulty = Self.fault { () throws(MappingRowFault) in
            _ = try Self.row(nil, function: "9").subscription()
        }
        #expect(
            faulty?.hasPrefix(
                "registration 7: 'function' in subscription 'com.example.a' has a misplaced '9';") == true)
    }

    /// The environment contains the sidecar's secrets.
    @Test func variablesAreNotForSQL() {
        let fault = Self.fault { () throws(MappingRowFault) in
            _ = try Self.row(#"{"role": "${PATH}"}"#).procedure()
        }
        #expect(fault?.contains("the environment variable 'PATH' is not set") == true)
    }
}
