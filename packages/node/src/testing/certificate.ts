/**
 * A self-signed certificate of `localhost`, 127.0.0.1 and ::1 for tests, valid from 2024 to 2124.
 * Its key is public: it protects nothing.
 * @module
 */

/** PEM of the certificate. Tests pass it as the authority to believe. */
export const TEST_CERTIFICATE: string = `-----BEGIN CERTIFICATE-----
MIIBWjCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjQwMTAxMDAwMDAwWhgPMjEyNDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPIqcSjAW+zh0ejr
eroe8KeJ1utiv0NiOMBxijDREHEf2/TlTXnNE8JupLnb6UNaHOMn7+G0nJonMAbn
+pxV/V2jQTA/MCwGA1UdEQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAA
AAAAAAAAATAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIAvQxDwe
o5gcUsEAt2t5msX20fXoWZi7jMV89RApeziDAiEA16HMN2PI2o/1sCYjkfwvVfuj
nMppIDGRjja1GSaQF4o=
-----END CERTIFICATE-----
`

/** PEM of its key. */
export const TEST_KEY: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2yTHd10Wv4WN50yA
hVH4GYPht5/wRT1Ahf0EyJUOLaOhRANCAATyKnEowFvs4dHo63q6HvCnidbrYr9D
YjjAcYow0RBxH9v05U15zRPCbqS52+lDWhzjJ+/htJyaJzAG5/qcVf1d
-----END PRIVATE KEY-----
`
